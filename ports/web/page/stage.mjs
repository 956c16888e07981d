// The pad, what the model sees of it, and the digit at hand beside it.

import {imageOf} from "./centring.mjs";
import {make} from "./element.mjs";
import {makePad} from "./pad.mjs";
import {paint} from "./picture.mjs";

const DRAWN = "What the model makes of it";

// Calls scored(image) with each image that was drawn; null after clearing.
export function makeStage(engine, digit, spread, scored) {
  const size = {columns: engine.columns, rows: engine.rows};
  const stage = make("div", {class: "stage", "data-alone": !engine.hasEncoder});
  const caption = make("span", {"aria-live": "polite"});
  const picture = make("canvas", {class: "digit", role: "img", "aria-label": "The digit at hand"});
  const output = make("figure", {class: "output"}, make("figcaption", {}, caption),
                      make("div", {class: "sheet"}, picture));

  if (engine.hasEncoder) {
    let drawing = null;
    const seen = make("canvas", {class: "seen", role: "img", "aria-label": "What the model sees"});
    paint(seen, new Uint8Array(engine.pixels), size);
    const encode = () => {
      const posterior = engine.encode(drawing);
      digit.move(posterior.mu, DRAWN, posterior);
    };
    const pad = makePad(size, (ink, width) => {
      const image = imageOf(ink, width, size);
      paint(seen, image, size);
      drawing = image.some((pixel) => pixel !== 0) ? image : null;
      if (drawing !== null) encode();
      clear.disabled = drawing === null;
      scored(drawing);
      update();
    });
    const clear = make("button", {class: "quiet", disabled: true, onclick: () => pad.clear()}, "Clear");
    const back = make("button", {class: "back", hidden: true, onclick: encode}, "Back to your drawing");
    // The digit moved away from the drawing.
    const update = () => {
      const astray = drawing !== null && digit.origin !== DRAWN;
      stage.toggleAttribute("data-astray", astray);
      back.hidden = !astray;
    };
    digit.watch(update);
    pad.element.append(back);
    stage.append(
      make("figure", {class: "input"}, make("figcaption", {}, "Your drawing", clear), pad.element),
      make("div", {class: "way", "aria-hidden": "true"},
           make("div", {}, seen, make("p", {}, `${size.columns} × ${size.rows} pixels`)),
           make("p", {class: "code"}, make("b", {}, String(spread.active)), " numbers")));
  }
  // Where the stage is out of sight, as on a phone, the digit goes along in a corner.
  const small = make("canvas", {class: "small", "aria-hidden": "true", hidden: true});
  new IntersectionObserver(([entry]) => {
    small.hidden = entry.isIntersecting || entry.boundingClientRect.top > 0;
  }).observe(picture);
  stage.append(output, small);
  digit.watch(() => {
    paint(picture, digit.image, size);
    paint(small, digit.image, size);
    caption.textContent = digit.origin;
  });
  return stage;
}
