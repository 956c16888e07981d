// The engine (module.cpp) behind names. One instance of the module holds one model.

const TYPES = ["f32", "s8", "f16", "bf16"];
const ENCODER = 1, DECODER = 2;
// The u32 of Description in module.cpp, in order.
const FIELDS = ["version", "type", "parts", "pixels", "columns", "hidden1", "hidden2", "latent", "size", "modelId",
  "classes", "labels", "image", "z", "mu", "logvar"];
const SIGNATURES = ["generated", "reconstructed", "classes", "scores"];
const SCORES = ["reconstruction", "kl", "entropy", "squares"];
const OK = 0, NO_GOLDEN = 32;  // of status.h, whose numbers never change
const NO_MEMORY = -1;
const NO_THRESHOLD = 0xffffffff;
const NATS = 1 / 256;  // the unit of scores

// What a page can say better than the engine, by status.
const HINTS = {
  3: "not a picovae model; picovae quantize makes one of a .safetensors file",
  8: "packed for a board; picovae export --layout host repacks it",
};

// Why a model was not opened, as a line for a person.
export class Refusal extends Error {}

export class Engine {
  #exports;
  #description;

  // Opens the model of these bytes.
  //   module  the compiled WebAssembly
  //   which   its kernels: 0 the best, 1 plain C++
  // Throws a Refusal.
  static async open(module, bytes, which = 0) {
    const instance = await WebAssembly.instantiate(module, {});
    return new Engine(instance.exports, bytes, which);
  }

  constructor(exports, bytes, which) {
    this.#exports = exports;
    const at = exports.reserve(bytes.length);
    if (at === 0) throw new Refusal("there is no memory for a model of that size");
    new Uint8Array(exports.memory.buffer).set(bytes, at);
    const status = exports.open(bytes.length, which);
    if (status === NO_MEMORY) throw new Refusal("there is no memory to run a model of that shape");
    this.#check(status);
    this.#description = exports.describe();

    const fields = new Uint32Array(exports.memory.buffer, this.#description, FIELDS.length);
    const d = Object.fromEntries(FIELDS.map((name, i) => [name, fields[i]]));
    if ((d.parts & DECODER) === 0) throw new Refusal("the model has no decoder, so that it draws nothing");
    this.bytes = bytes;
    this.version = d.version;
    this.type = TYPES[d.type];
    this.isInteger = this.type === "s8";
    this.hasEncoder = (d.parts & ENCODER) !== 0;
    this.shape = [d.pixels, d.hidden1, d.hidden2, d.latent].filter((width) => width !== 0);
    this.pixels = d.pixels;
    this.columns = d.columns || squareRoot(d.pixels) || d.pixels;
    this.rows = this.pixels / this.columns;
    this.latent = d.latent;
    this.size = d.size;
    this.modelId = d.modelId;
    this.kernels = this.#text(exports.kernels(which));
    this.labels = [...new Uint8Array(exports.memory.buffer, d.labels, d.classes)];

    // Memory grows no more once a model is open: views stay.
    this.image = new Uint8Array(exports.memory.buffer, d.image, d.pixels);
    this.z = new Float32Array(exports.memory.buffer, d.z, d.latent);
    this.mu = new Float32Array(exports.memory.buffer, d.mu, d.latent);
    this.logvar = new Float32Array(exports.memory.buffer, d.logvar, d.latent);
  }

  // Image of u8 [pixels] -> its posterior: mu and logvar, f32 [latent].
  encode(image) {
    this.image.set(image);
    this.#check(this.#exports.encode());
    return {mu: this.mu.slice(), logvar: this.logvar.slice()};
  }

  // z of f32 [latent] -> image. Returns this.image, which the next call writes again.
  decode(z) {
    this.z.set(z);
    this.#check(this.#exports.decode());
    return this.image;
  }

  // z of digit `number` of a class, or of the prior if label is null.
  draw(label, number, seed = 1) {
    this.#check(this.#exports.draw(label ?? -1, seed, number));
    return this.z.slice();
  }

  // What an integer model makes of an image, in nats; null of a float model, or without an encoder.
  score(image) {
    if (!this.isInteger || !this.hasEncoder) return null;
    this.image.set(image);
    this.#check(this.#exports.score());
    const at = this.#description + 4 * (FIELDS.length + 2 * SIGNATURES.length);
    const words = new Uint32Array(this.#exports.memory.buffer, at, SCORES.length);
    const score = Object.fromEntries(SCORES.map((name, i) => [name, words[i] * NATS]));
    score.excess = Math.max(score.reconstruction - score.entropy, 0) + score.kl;
    return score;
  }

  // The excess that normal images exceed in at most 1000 - perMille of 1,000 cases; null if the model has none.
  threshold(perMille) {
    const value = this.#exports.threshold(0, perMille) >>> 0;
    return value === NO_THRESHOLD ? null : value * NATS;
  }

  // The calls below are for integer models alone. Whether the model's golden layers come out right; null if it has
  // none.
  selfTest() {
    const status = this.#exports.self_test();
    return status === NO_GOLDEN ? null : status === OK;
  }

  // Computes the signatures. Generates between parts, so that a caller may let a page breathe.
  //   rows  1 or 10 images at a time: another path of the kernels, the same bits
  // Returns {carried, computed, agrees}, each signature as a u32.
  *sign(rows = 10) {
    this.#check(this.#exports.sign_digits(rows));
    yield;
    if (this.labels.length !== 0) this.#check(this.#exports.sign_classes(rows));
    yield;
    if (this.hasEncoder) this.#check(this.#exports.sign_scores(rows));
    const read = (place) => {
      const at = this.#description + 4 * (FIELDS.length + place * SIGNATURES.length);
      const words = new Uint32Array(this.#exports.memory.buffer, at, SIGNATURES.length);
      return Object.fromEntries(SIGNATURES.map((name, i) => [name, words[i]]));
    };
    return {carried: read(0), computed: read(1), agrees: this.#exports.agrees() !== 0};
  }

  #check(status) {
    if (status !== OK) throw new Refusal(HINTS[status] ?? this.#text(this.#exports.message(status)));
  }

  #text(at) {
    const bytes = new Uint8Array(this.#exports.memory.buffer, at);
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }
}

function squareRoot(n) {
  const root = Math.round(Math.sqrt(n));
  return root * root === n ? root : 0;
}
