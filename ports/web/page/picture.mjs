// Images on canvases, as ink on paper of the page's colors.

let palette = null;             // [256] RGBA as the u32 of an ImageData
const painted = new WeakMap();  // canvas -> how it was painted last

function makePalette() {
  const probe = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const style = getComputedStyle(document.documentElement);
  const [paper, ink] = ["--paper", "--ink"].map((name) => {
    probe.fillStyle = style.getPropertyValue(name);
    probe.fillRect(0, 0, 1, 1);
    return probe.getImageData(0, 0, 1, 1).data;
  });
  return Uint32Array.from({length: 256}, (_, pixel) => {
    const [r, g, b] = [0, 1, 2].map((i) => Math.round(paper[i] + (ink[i] - paper[i]) * pixel / 255));
    return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
  });
}

// Shows images in a grid of tiles, with a little paper between them.
//   tiles   {image: u8 [rows][columns], column, row}: some of the grid
//   size    {columns, rows} of an image
//   grid    {columns, rows} of tiles
export function paintTiles(canvas, tiles, size, grid) {
  palette ??= makePalette();
  const gapX = Math.ceil(size.columns / 28), gapY = Math.ceil(size.rows / 28);
  canvas.width = size.columns * grid.columns + gapX * (grid.columns - 1);
  canvas.height = size.rows * grid.rows + gapY * (grid.rows - 1);
  const context = canvas.getContext("2d");
  const data = context.createImageData(canvas.width, canvas.height);
  const words = new Uint32Array(data.data.buffer).fill(palette[0]);
  for (const {image, column, row} of tiles) {
    for (let i = 0; i < image.length; ++i) {
      const x = column * (size.columns + gapX) + i % size.columns;
      const y = row * (size.rows + gapY) + Math.floor(i / size.columns);
      words[y * canvas.width + x] = palette[image[i]];
    }
  }
  context.putImageData(data, 0, 0);
  painted.set(canvas, () => paintTiles(canvas, tiles, size, grid));
}

export function paint(canvas, image, size) {
  paintTiles(canvas, [{image: image.slice(), column: 0, row: 0}], size, {columns: 1, rows: 1});
}

// Has a canvas that others paint painted again when colors change.
export function repaintBy(canvas, repaint) {
  painted.set(canvas, repaint);
}

export function followColorScheme() {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    palette = null;
    for (const canvas of document.querySelectorAll("canvas")) painted.get(canvas)?.();
  });
}
