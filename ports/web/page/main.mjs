// Starts the page: unpacks the module and the model that it came with, and builds the page around a model.

import {showBadge} from "./badge.mjs";
import {makeClasses} from "./classes.mjs";
import {Digit} from "./digit.mjs";
import {make} from "./element.mjs";
import {Engine, Refusal} from "./engine.mjs";
import {acceptFiles} from "./files.mjs";
import {makeLatents} from "./latents.mjs";
import {makeMap} from "./map.mjs";
import {makeMorph} from "./morph.mjs";
import {followColorScheme} from "./picture.mjs";
import {makeScore} from "./score.mjs";
import {measureSpread} from "./spread.mjs";
import {makeStage} from "./stage.mjs";

const $ = (id) => document.getElementById(id);
let module;
let shown = new AbortController();  // of the model that is shown

// What a data block of the page holds: base64 of gzip.
async function unpack(id) {
  const packed = Uint8Array.from(atob($(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function describe(engine, name) {
  const size = engine.size < 1e6 ? `${Math.round(engine.size / 1e3)} KB` : `${(engine.size / 1e6).toFixed(1)} MB`;
  const facts = {Model: name, Shape: engine.shape.join("–"), Weights: `${engine.type}, ${size}`,
    Parts: engine.hasEncoder ? "encoder and decoder" : "decoder", Id: engine.modelId.toString(16).padStart(8, "0")};
  $("facts").replaceChildren(...Object.entries(facts).map(([term, text]) =>
    make("div", {}, make("dt", {}, term), make("dd", {}, text))));
}

function show(engine, name) {
  shown.abort();
  shown = new AbortController();
  const digit = new Digit(engine);
  const spread = measureSpread(engine);
  const score = engine.hasEncoder ? makeScore(engine) : null;
  const classes = makeClasses(engine, digit);
  const morph = makeMorph(engine, digit);
  const hand = make("div", {class: "hand"},
    make("section", {class: "card front", "aria-label": "Draw"},
      makeStage(engine, digit, spread, (image) => score?.show(image)), classes.element));
  if (score !== null) hand.append(score.element);
  hand.append(morph.element);
  const more = make("div", {class: "more"}, makeLatents(engine, digit, spread));
  if (engine.latent >= 2) more.append(makeMap(engine, digit, spread));
  $("explorer").toggleAttribute("data-wide", engine.columns > 4 * engine.rows);
  $("explorer").replaceChildren(hand, more);
  describe(engine, name);

  // Something to look at, and to morph between.
  const {labels} = engine;
  classes.draw(labels[0] ?? null);
  morph.pin("b");
  classes.draw(labels[Math.floor(labels.length / 2)] ?? null);
  morph.pin("a");
  return showBadge(engine, $("badge"), $("signature"), shown.signal);
}

function refuse(name, why) {
  $("refusal-text").textContent = `${name}: ${why}.`;
  $("refusal").hidden = false;
}

async function open(name, bytes) {
  let engine;
  try {
    engine = await Engine.open(module, bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuse(name, error.message);
    return;
  }
  $("refusal").hidden = true;
  await show(engine, name);
}

async function start() {
  followColorScheme();
  try {
    module = await WebAssembly.compile(await unpack("module"));
  } catch {
    $("start").textContent = "This browser is too old: the explorer wants WebAssembly with SIMD (Chrome and Edge 91, " +
      "Firefox 113, Safari 16.4).";
    return;
  }
  $("badge").addEventListener("click", () => {
    const panel = $("signature");
    panel.hidden = !panel.hidden;
    $("badge").setAttribute("aria-expanded", String(!panel.hidden));
  });
  $("dismiss").addEventListener("click", () => {
    $("refusal").hidden = true;
  });
  acceptFiles($("open"), $("file"), open, refuse);
  const block = $("model");
  await open(block.dataset.name, await unpack("model"));
  document.documentElement.toggleAttribute("data-ready", true);
}

start();
