// What a drawing looks like to the model. MNIST's digits were scaled into 20 x 20 pixels, keeping their proportions,
// and their center of mass was put on pixel 14, 14 of 28 x 28 (LeCun et al. 1998). A drawing is treated alike; an image
// that is too small for that takes it as it stands.

const BOX = 20 / 28;  // of the smaller side
const LEAST = 16;     // pixels a side: below, there is nothing to center

// A rectangle of ink, scaled to columns x rows pixels: each is the mean of what it covers.
//   ink   [height][width], 0..255
//   from  {x, y, width, height} of the rectangle, inside of ink
function shrink(ink, width, from, columns, rows) {
  const image = new Float64Array(columns * rows);
  const stepX = from.width / columns, stepY = from.height / rows;
  const cover = (start, end, at) => Math.min(end, at + 1) - Math.max(start, at);
  for (let row = 0; row < rows; ++row) {
    const top = from.y + row * stepY, bottom = top + stepY;
    for (let column = 0; column < columns; ++column) {
      const left = from.x + column * stepX, right = left + stepX;
      let sum = 0;
      for (let y = Math.floor(top); y < bottom; ++y) {
        for (let x = Math.floor(left); x < right; ++x) {
          sum += (ink[y * width + x] ?? 0) * cover(top, bottom, y) * cover(left, right, x);
        }
      }
      image[row * columns + column] = sum / (stepX * stepY);
    }
  }
  return image;
}

// Where there is ink: {x, y, width, height}, or null.
function bounds(ink, width) {
  let left = Infinity, right = -1, top = Infinity, bottom = -1;
  ink.forEach((value, i) => {
    if (value === 0) return;
    left = Math.min(left, i % width);
    right = Math.max(right, i % width);
    top = Math.min(top, Math.floor(i / width));
    bottom = Math.floor(i / width);
  });
  return right < 0 ? null : {x: left, y: top, width: right - left + 1, height: bottom - top + 1};
}

// The image of a drawing, u8 [rows][columns].
//   ink    [height][width], 0..255
//   size   {columns, rows} of the image
export function imageOf(ink, width, size) {
  const {columns, rows} = size;
  const image = new Uint8Array(columns * rows);
  const drawn = bounds(ink, width);
  if (drawn === null) return image;
  const height = ink.length / width;
  if (Math.min(columns, rows) < LEAST) {
    return Uint8Array.from(shrink(ink, width, {x: 0, y: 0, width, height}, columns, rows), Math.round);
  }
  const box = Math.round(Math.min(columns, rows) * BOX);
  const scale = box / Math.max(drawn.width, drawn.height);
  const small = {columns: Math.max(1, Math.round(drawn.width * scale)),
                 rows: Math.max(1, Math.round(drawn.height * scale))};
  const digit = shrink(ink, width, drawn, small.columns, small.rows);
  let mass = 0, massX = 0, massY = 0;
  digit.forEach((value, i) => {
    mass += value;
    massX += value * (i % small.columns);
    massY += value * Math.floor(i / small.columns);
  });
  const left = Math.round(columns / 2 - massX / mass), top = Math.round(rows / 2 - massY / mass);
  digit.forEach((value, i) => {
    const x = left + i % small.columns, y = top + Math.floor(i / small.columns);
    if (x >= 0 && x < columns && y >= 0 && y < rows) image[y * columns + x] = Math.round(value);
  });
  return image;
}
