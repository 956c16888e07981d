// A map of two latents: what the model draws all over a plane through the digit at hand, and a mark to walk with.

import {latentName, make, percent} from "./element.mjs";
import {paintTiles} from "./picture.mjs";

const TILES = 11;         // a side
const END = 3;            // of an axis
const MILLISECONDS = 6;   // of work in a frame
const STEP = 0.1, STRIDE = 0.5;

const valueOf = (tile) => ((tile + 0.5) / TILES * 2 - 1) * END;
const clamp = (value) => Math.min(END, Math.max(-END, value));

export function makeMap(engine, digit, spread) {
  const size = {columns: engine.columns, rows: engine.rows};
  const axes = {x: spread.order[0], y: spread.order[1]};
  // From the middle outwards.
  const places = [...Array(TILES ** 2).keys()].map((i) => ({column: i % TILES, row: Math.floor(i / TILES)}));
  const middle = (TILES - 1) / 2;
  places.sort((a, b) => Math.hypot(a.column - middle, a.row - middle) - Math.hypot(b.column - middle, b.row - middle));

  const canvas = make("canvas", {"aria-hidden": "true"});
  const mark = make("span", {class: "mark"});
  const plane = make("div", {class: "plane", tabindex: 0, role: "application", "aria-label": "Map of two latents",
    "aria-describedby": "map-keys"}, canvas, mark);
  let drawn = null;  // the plane that the tiles show: all of z but the axes, and these
  let left = [], tiles = [], frame = 0;

  function work() {
    frame = 0;
    const end = performance.now() + MILLISECONDS;
    const z = digit.z.slice();
    while (left.length !== 0 && performance.now() < end) {
      const at = left.shift();
      z[axes.x] = valueOf(at.column);
      z[axes.y] = -valueOf(at.row);
      tiles[at.row * TILES + at.column] = {...at, image: engine.decode(z).slice()};
    }
    paintTiles(canvas, tiles.filter(Boolean), size, {columns: TILES, rows: TILES});
    if (left.length !== 0) frame = requestAnimationFrame(work);
    plane.toggleAttribute("data-ready", left.length === 0);
  }
  // A new plane keeps the old tiles until theirs are drawn.
  function update() {
    const rest = digit.z.map((value, k) => (k === axes.x || k === axes.y ? 0 : value));
    const key = `${axes.x} ${axes.y} ${rest}`;
    if (key !== drawn) {
      drawn = key;
      left = [...places];
      frame ||= requestAnimationFrame(work);
    }
    const x = digit.z[axes.x], y = digit.z[axes.y];
    mark.style.left = percent((clamp(x) / END + 1) / 2);
    mark.style.top = percent((1 - clamp(y) / END) / 2);
    mark.toggleAttribute("data-outside", clamp(x) !== x || clamp(y) !== y);
  }
  const walk = (x, y) => digit.shift([[axes.x, clamp(x)], [axes.y, clamp(y)]], "Found on the map");

  const follow = (event) => {
    const box = plane.getBoundingClientRect();
    walk(((event.clientX - box.left) / box.width * 2 - 1) * END, (1 - (event.clientY - box.top) / box.height * 2) * END);
  };
  plane.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    plane.setPointerCapture(event.pointerId);
    follow(event);
  });
  plane.addEventListener("pointermove", (event) => {
    if (plane.hasPointerCapture(event.pointerId)) follow(event);
  });
  const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
  plane.addEventListener("keydown", (event) => {
    if (!(event.key in moves)) return;
    const step = event.shiftKey ? STRIDE : STEP;
    const [x, y] = moves[event.key];
    walk(digit.z[axes.x] + x * step, digit.z[axes.y] + y * step);
    event.preventDefault();
  });

  const choose = (axis, name) => {
    const select = make("select", {"aria-label": name, onchange: () => {
      const other = axis === "x" ? "y" : "x", chosen = Number(select.value);
      if (axes[other] === chosen) {  // they change places
        axes[other] = axes[axis];
        selects[other].value = axes[other];
      }
      axes[axis] = chosen;
      update();
    }}, ...spread.order.slice(0, Math.max(2, spread.active)).map((k) => make("option", {value: k}, `z${k}`)));
    select.value = axes[axis];
    return select;
  };
  const selects = {x: choose("x", "Latent across"), y: choose("y", "Latent up")};
  digit.watch(update);
  return make("section", {class: "card map", "aria-labelledby": "map-name"},
    make("header", {}, make("h2", {id: "map-name"}, "A map"),
      make("span", {class: "axes"}, make("label", {}, "across ", selects.x), make("label", {}, "up ", selects.y))),
    make("p", {class: "about"}, "Every place is a code that differs from this digit’s in two numbers. Walk: drag, " +
      "or take the arrow keys."),
    plane, make("p", {class: "spoken", id: "map-keys"}, "Arrow keys walk, with Shift in strides."));
}
