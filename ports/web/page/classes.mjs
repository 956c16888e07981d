// Buttons that have the model draw: of a class, if it has classes, or anything.

import {make} from "./element.mjs";

export function makeClasses(engine, digit) {
  const next = new Map();  // label, or null -> number of its next digit
  const draw = (label) => {
    const number = next.get(label) ?? 0;
    next.set(label, number + 1);
    digit.move(engine.draw(label, number), label === null ? "Drawn at random" : `A ${label}, drawn by the model`);
  };
  const button = (label, text, name) =>
    make("button", {"aria-label": name, title: name, onclick: () => draw(label)}, text);
  const element = make("div", {class: "classes", role: "group", "aria-labelledby": "classes-name"},
    make("p", {id: "classes-name"}, "Or let it draw"),
    make("div", {}, ...engine.labels.map((label) => button(label, String(label), `Draw a ${label}`)),
         button(null, "any", "Draw at random")));
  return {element, draw};
}
