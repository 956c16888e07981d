// The pad to draw on: by pointer, or by keys.

import {make} from "./element.mjs";
import {repaintBy} from "./picture.mjs";

const SIDE = 280;        // of the longer side, in the pad's own pixels
const LEAST = 64;        // of the shorter side: an image may be one row
const PEN = SIDE / 11;   // width of a line
const STEP = SIDE / 28;  // of an arrow key

// A pad for images of {columns, rows}. Calls changed(ink, width) after every change: ink is u8 [height][width], 0
// where there is none.
// Returns {element, clear}.
export function makePad(size, changed) {
  const scale = SIDE / Math.max(size.columns, size.rows);
  const width = Math.max(LEAST, Math.round(size.columns * scale));
  const height = Math.max(LEAST, Math.round(size.rows * scale));
  const canvas = make("canvas", {class: "pad", width, height, tabindex: 0, role: "application",
    "aria-label": "Pad to draw a digit on", "aria-describedby": "pad-keys"});
  const context = canvas.getContext("2d", {willReadFrequently: true});
  const cursor = make("span", {class: "cursor", hidden: true});
  const hint = make("span", {class: "hint", "aria-hidden": "true"}, "Draw a digit");
  const keys = make("p", {class: "spoken", id: "pad-keys"},
    "Arrow keys move the pen, Space puts it down or lifts it, Delete clears.");
  let strokes = [];  // each a list of points {x, y}
  const pen = {x: width / 2, y: height / 4, down: false};

  // The color is the page's; the ink is what is opaque.
  function redraw() {
    context.clearRect(0, 0, width, height);
    context.strokeStyle = context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--ink");
    context.lineWidth = Math.min(PEN, height / 4, width / 4);
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(stroke[0].x, stroke[0].y);
      for (const point of stroke) context.lineTo(point.x, point.y);
      context.stroke();
    }
    hint.hidden = strokes.length !== 0;
  }
  function change() {
    redraw();
    const rgba = context.getImageData(0, 0, width, height).data;
    changed(Uint8Array.from({length: width * height}, (_, i) => rgba[4 * i + 3]), width);
  }
  function clear() {
    strokes = [];
    pen.down = false;
    cursor.hidden = true;
    change();
  }
  const extend = (point) => {
    strokes.at(-1).push(point);
    change();
  };

  const pointOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return {x: (event.clientX - box.left) / box.width * width, y: (event.clientY - box.top) / box.height * height};
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    cursor.hidden = true;
    strokes.push([pointOf(event)]);
    extend(pointOf(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const part of events.length !== 0 ? events : [event]) strokes.at(-1).push(pointOf(part));
    change();
  });

  function showCursor() {
    cursor.hidden = false;
    cursor.style.left = `${100 * pen.x / width}%`;
    cursor.style.top = `${100 * pen.y / height}%`;
    cursor.toggleAttribute("data-down", pen.down);
  }
  const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  canvas.addEventListener("keydown", (event) => {
    if (event.key in moves) {
      const [x, y] = moves[event.key];
      pen.x = Math.min(width, Math.max(0, pen.x + x * STEP));
      pen.y = Math.min(height, Math.max(0, pen.y + y * STEP));
      if (pen.down) extend({...pen});
      showCursor();
    } else if (event.key === " ") {
      pen.down = !pen.down;
      if (pen.down) {
        strokes.push([{...pen}]);
        extend({...pen});
      }
      showCursor();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      clear();
    } else {
      return;
    }
    event.preventDefault();
  });
  canvas.addEventListener("blur", () => {
    cursor.hidden = true;
  });

  redraw();
  repaintBy(canvas, redraw);
  return {element: make("div", {class: "sheet"}, canvas, hint, cursor, keys), clear};
}
