// A slider for each latent: the active ones by their spread, the others folded away. Behind the knob is the posterior
// of the drawing, two standard deviations to each side.

import {latentName, make, percent, signed} from "./element.mjs";

const END = 4;  // of a slider
const place = (value) => (value + END) / (2 * END);

export function makeLatents(engine, digit, spread) {
  const rows = new Map();  // latent -> its slider and what is beside it
  const makeRow = (k) => {
    const slider = make("input", {type: "range", min: -END, max: END, step: 0.01, "aria-label": `Latent ${k}`});
    const value = make("output", {});
    const band = make("span", {class: "band"});
    slider.addEventListener("input", () => digit.shift([[k, slider.valueAsNumber]], "Moved by hand"));
    rows.set(k, {slider, value, band});
    return make("div", {class: "latent-row"}, latentName(k),
                make("span", {class: "track"}, band, slider), value);
  };
  const active = spread.order.slice(0, spread.active), rest = spread.order.slice(spread.active);
  const zero = make("button", {class: "quiet", onclick: () =>
    digit.move(new Float32Array(engine.latent), "The middle of the space")}, "All to zero");
  const element = make("section", {class: "card latents", "aria-labelledby": "latents-name"},
    make("header", {}, make("h2", {id: "latents-name"}, "The code"), zero),
    make("p", {class: "about"},
      `${active.length} of ${engine.latent} numbers carry the digit, the widest first. ` +
      (engine.hasEncoder ? "A shaded span is how sure the encoder is of your drawing’s." : "")),
    make("div", {class: "sliders"}, ...active.map(makeRow)));
  if (rest.length !== 0) {
    element.append(make("details", {}, make("summary", {}, `${rest.length} more, which hardly matter`),
                        make("div", {class: "sliders"}, ...rest.map(makeRow))));
  }
  digit.watch(() => {
    for (const [k, {slider, value, band}] of rows) {
      slider.value = digit.z[k];
      value.textContent = signed(digit.z[k]);
      slider.setAttribute("aria-valuetext", signed(digit.z[k]));
      band.hidden = digit.posterior === null;
      if (digit.posterior === null) continue;
      const mu = digit.posterior.mu[k], sigma = Math.exp(digit.posterior.logvar[k] / 2);
      const low = Math.max(0, place(mu - 2 * sigma)), high = Math.min(1, place(mu + 2 * sigma));
      band.style.left = percent(low);
      band.style.width = percent(high - low);
    }
  });
  return element;
}
