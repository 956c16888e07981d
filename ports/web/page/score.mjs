// Is this normal? What a drawing costs, and where that stands among normal images.

import {make, percent} from "./element.mjs";

const ALARMS = 999;  // in 1,000 normal images stay below the threshold

const nats = (value) => value.toFixed(1);

// Returns {element, show}: show(image) scores one; null: there is none.
export function makeScore(engine) {
  const threshold = engine.threshold(ALARMS);
  const verdict = make("b", {class: "verdict"});
  const why = make("p", {class: "why"});
  const bar = make("span", {class: "fill"});
  const meter = make("div", {class: "meter", hidden: threshold === null, "aria-hidden": "true"}, bar,
                     make("span", {class: "tick"}));
  const term = (name, meaning) => {
    const value = make("dd", {}, "–");
    return {value, row: make("div", {}, make("dt", {}, name), value, make("dd", {class: "meaning"}, meaning))};
  };
  const terms = {
    reconstruction: term("Reconstruction", "the pixels, told the code"),
    entropy: term("Entropy", "the least that these grays cost"),
    kl: term("KL", "the code itself"),
    excess: term("Excess", "reconstruction − entropy + KL"),
  };
  const element = make("section", {class: "card score", "aria-labelledby": "score-name"},
    make("h2", {id: "score-name"}, "Does it know this?"),
    make("div", {"aria-live": "polite"}, verdict, why), meter,
    make("dl", {}, ...Object.values(terms).map(({row}) => row)));

  function show(image) {
    const score = image === null ? null : engine.score(image);
    for (const [name, {value}] of Object.entries(terms)) value.textContent = score ? nats(score[name]) : "–";
    element.removeAttribute("data-normal");
    bar.style.width = "0";
    if (score === null) {
      verdict.textContent = "";
      why.textContent = engine.isInteger
        ? "Draw something: a digit, or no digit at all. What it costs the model to describe, in nats, tells them apart."
        : "Scores are for integer models: quantize this one to have them.";
      return;
    }
    if (threshold === null) {
      verdict.textContent = `${nats(score.excess)} nats`;
      why.textContent = "The model has no threshold to compare that with: picovae score --keep stores one.";
      return;
    }
    const normal = score.excess <= threshold;
    element.dataset.normal = normal;
    verdict.textContent = normal ? "Normal" : "Abnormal";
    why.textContent = `An excess of ${nats(score.excess)} nats; of normal images ${ALARMS} in 1,000 stay below ` +
      `${nats(threshold)}.`;
    bar.style.width = percent(score.excess / (2 * threshold));
  }
  show(null);
  return {element, show};
}
