// The digit at hand: a point z of the latent space and what the model draws there. Everything on the page moves or
// shows this one point.

export class Digit {
  #engine;
  #listeners = [];

  constructor(engine) {
    this.#engine = engine;
    this.z = new Float32Array(engine.latent);
    this.image = new Uint8Array(engine.pixels);
    this.posterior = null;  // of the drawing that z began as; null if it was not drawn
    this.origin = "";       // where z comes from, as the caption says it
  }

  // Calls listener(digit) after every move.
  watch(listener) {
    this.#listeners.push(listener);
  }

  // Moves to z [latent], which is copied.
  move(z, origin, posterior = null) {
    this.z.set(z);
    this.image.set(this.#engine.decode(this.z));
    this.origin = origin;
    this.posterior = posterior;
    for (const listener of this.#listeners) listener(this);
  }

  // Moves along some latents: pairs of index and value.
  shift(pairs, origin) {
    const z = this.z.slice();
    for (const [k, value] of pairs) z[k] = value;
    this.move(z, origin, this.posterior);
  }
}
