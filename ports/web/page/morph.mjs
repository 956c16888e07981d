// From one pinned digit to another, along the straight line between their codes.

import {make} from "./element.mjs";
import {paintTiles} from "./picture.mjs";

const PICTURES = 9;  // A and B among them
const STEPS = 1000;

// Returns {element, pin}: pin("a") pins the digit at hand.
export function makeMorph(engine, digit) {
  const size = {columns: engine.columns, rows: engine.rows};
  const codes = {a: new Float32Array(engine.latent), b: new Float32Array(engine.latent)};
  const at = (t) => codes.a.map((value, k) => value + (codes.b[k] - value) * t);
  const strip = make("canvas", {class: "strip", role: "img", "aria-label": "From digit A to digit B"});
  const slider = make("input", {type: "range", min: 0, max: STEPS, value: 0, "aria-label": "From A to B",
    oninput: () => digit.move(at(slider.valueAsNumber / STEPS), "Between A and B")});

  function pin(name) {
    codes[name].set(digit.z);
    slider.value = name === "a" ? 0 : STEPS;
    const tiles = [...Array(PICTURES).keys()].map((i) =>
      ({column: i, row: 0, image: engine.decode(at(i / (PICTURES - 1))).slice()}));
    paintTiles(strip, tiles, size, {columns: PICTURES, rows: 1});
  }
  const pinAs = (name) => make("button", {onclick: () => pin(name)}, `Pin as ${name.toUpperCase()}`);
  const element = make("section", {class: "card morph", "aria-labelledby": "morph-name"},
    make("h2", {id: "morph-name"}, "From one to another"),
    make("p", {class: "about"}, "Pin the digit at hand as A, another one as B, and slide between their codes."),
    make("div", {class: "sheet"}, strip), slider, make("div", {class: "pins"}, pinAs("a"), pinAs("b")));
  return {element, pin};
}
