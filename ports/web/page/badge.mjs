// The badge: this page computes the signature of the model and compares it with the one that the model carries.

import {make} from "./element.mjs";

const ROWS = {
  generated: "1,000 digits of seed 1",
  reconstructed: "100 of them reconstructed",
  scores: "their scores",
  classes: "10 digits of each class",
};
const hex = (word) => word.toString(16).padStart(8, "0");
const pause = () => new Promise((done) => setTimeout(done));

const SAME = "The model carries the checksums of what it draws, computed where it was made. This page has just drawn " +
  "the same digits in your browser, and every bit is equal: a Cortex-M in a toy, a phone and a server draw exactly " +
  "these. Integers leave nothing to rounding.";
const OTHER = "What this browser computes is not what the model carries. Either the model’s signatures were changed, " +
  "or something between this file and your processor computes wrongly: please report it.";
const FLOATS = "This model computes in floating point, which has no signature: other machines may round its last " +
  "bits otherwise. Quantize it (picovae quantize) for the same bits everywhere.";

// Fills `badge`, a button, and `panel`, which it opens. Returns when the signature is computed.
export async function showBadge(engine, badge, panel, signal) {
  const say = (state, text, about, ...rest) => {
    badge.dataset.state = state;
    badge.replaceChildren(make("span", {class: "dot", "aria-hidden": "true"}), text);
    panel.replaceChildren(make("p", {}, about), ...rest);
  };
  if (!engine.isInteger) {
    say("none", `${engine.type}, no signature`, FLOATS);
    return;
  }
  say("busy", "computing …", "Computing the signature.");
  await pause();
  const start = performance.now();
  const layers = engine.selfTest();
  const signing = engine.sign();
  let step = signing.next();
  for (; !step.done; step = signing.next()) {
    await pause();
    if (signal.aborted) return;
  }
  const {carried, computed, agrees} = step.value;
  const seconds = (performance.now() - start) / 1000;
  const same = agrees && layers !== false;
  const row = (name) => make("tr", {}, make("th", {scope: "row"}, ROWS[name]),
    make("td", {}, carried[name] === 0 ? "–" : hex(carried[name])), make("td", {}, hex(computed[name])),
    make("td", {}, carried[name] === 0 ? "" : carried[name] === computed[name] ? "equal" : "differs"));
  const table = make("table", {},
    make("thead", {}, make("tr", {}, make("th", {scope: "col"}, "CRC-32C of"), make("th", {scope: "col"}, "model"),
                           make("th", {scope: "col"}, "this page"), make("td", {}))),
    make("tbody", {}, ...Object.keys(ROWS).filter((name) => computed[name] !== 0).map(row)));
  const tested = layers === null ? "" : ` Golden layers: ${layers ? "right" : "WRONG"}.`;
  say(same ? "same" : "other", `${same ? "same bits" : "other bits"} ${hex(computed.generated)}`, same ? SAME : OTHER,
      table, make("p", {class: "about"}, `Computed by wasm32 / ${engine.kernels} in ${seconds.toFixed(2)} s.${tested}`));
}
