// The WebAssembly module and what the page computes, in node, against the host's program.
//   node test_module.mjs PICOVAE BUILD MODELS DATA
// BUILD: of ports/web/run.sh. MODELS: a folder with decoder.pvae, board.pvae, f16.pvae, s4.pvae and small.pvae. DATA:
// MNIST.
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import {imageOf} from "../../../ports/web/page/centring.mjs";
import {Engine, Refusal} from "../../../ports/web/page/engine.mjs";
import {measureSpread} from "../../../ports/web/page/spread.mjs";
import {forgeSignature} from "./forge.mjs";

const [picovae, build, models, data] = process.argv.slice(2);
const SHIPPED = "engine/models/mnist_s8.pvae";
const compile = (name) => WebAssembly.compile(fs.readFileSync(path.join(build, "module", name)));
const module = await compile("picovae_web.wasm");
const open = (file, which = 0) => Engine.open(module, fs.readFileSync(file), which);
const model = (name) => path.join(models, `${name}.pvae`);
const shipped = await open(SHIPPED);

// Images of an IDX file.
function readImages(file) {
  const bytes = fs.readFileSync(file);
  const size = bytes.readUInt32BE(8) * bytes.readUInt32BE(12);
  return (i) => new Uint8Array(bytes.subarray(16 + i * size, 16 + (i + 1) * size));
}

// What the host draws, as an IDX file.
function hostDraws(file, ...options) {
  const images = path.join(models, "host.idx");
  execFileSync(picovae, ["generate", file, ...options, "--idx", images]);
  return readImages(images);
}

test("no module imports anything", async () => {
  for (const name of ["picovae_web.wasm", "picovae_web_kernels.wasm"]) {
    assert.deepEqual(WebAssembly.Module.imports(await compile(name)), []);
  }
});

test("all kernels compute what the reference does", async () => {
  const {exports} = await WebAssembly.instantiate(await compile("picovae_web_kernels.wasm"), {});
  assert.deepEqual([exports.failures(0), exports.failures(1)], [0, 0]);
});

test("a model is described as it is", async () => {
  assert.deepEqual(shipped.shape, [784, 300, 300, 50]);
  assert.deepEqual([shipped.type, shipped.columns, shipped.rows, shipped.hasEncoder], ["s8", 28, 28, true]);
  assert.deepEqual(shipped.labels, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(shipped.modelId, fs.readFileSync(SHIPPED).readUInt32LE(20));
  const small = await open(model("small"));
  assert.deepEqual([small.shape, small.columns, small.rows], [[15, 7, 5, 3], 5, 3]);
});

test("digits are the host's, bit for bit: of the prior, of a class, of 4 bits, of every kernel", async () => {
  const cases = [[SHIPPED, 0], [SHIPPED, 1], [model("s4"), 0], [model("s4"), 1], [model("decoder"), 0]];
  for (const [file, which] of cases) {
    const engine = await open(file, which);
    for (const [label, options] of [[null, []], [7, ["--digit", "7"]]]) {
      if (label !== null && !engine.labels.includes(label)) continue;
      const host = hostDraws(file, "--count", "3", ...options);
      for (const i of [0, 1, 2]) {
        assert.deepEqual(engine.decode(engine.draw(label, i)), host(i), `${file} ${label} ${i}`);
      }
    }
  }
});

test("digits of floats are the host's, but for the last bit of a pixel", async () => {
  const engine = await open(model("f16"));
  assert.equal(engine.type, "f16");
  const host = hostDraws(model("f16"), "--count", "3");
  for (const i of [0, 1, 2]) {
    engine.decode(engine.draw(null, i)).forEach((pixel, at) => assert.ok(Math.abs(pixel - host(i)[at]) <= 1));
  }
  assert.equal(engine.score(engine.image), null);
});

test("a model tests itself, and is found out if it does not carry its own signature", async () => {
  assert.equal(shipped.selfTest(), true);
  const sign = (engine) => {
    const signing = engine.sign();
    let step = signing.next();
    while (!step.done) step = signing.next();
    return step.value;
  };
  const {carried, computed, agrees} = sign(shipped);
  assert.ok(agrees);
  assert.deepEqual(computed, carried);
  assert.equal(sign(await Engine.open(module, forgeSignature(fs.readFileSync(SHIPPED)))).agrees, false);
});

test("what is no model of hosts is refused with what to do, and harms nothing", async () => {
  const bytes = fs.readFileSync(SHIPPED);
  const flipped = Buffer.from(bytes);
  flipped[100_000] ^= 1;
  for (const [content, why] of [[bytes.subarray(0, 1000), /truncated; copy it again/], [flipped, /damaged/],
                                [Buffer.alloc(0), /truncated/], [Buffer.alloc(5000, 7), /picovae quantize makes one/],
                                [fs.readFileSync(model("board")), /picovae export --layout host/]]) {
    await assert.rejects(Engine.open(module, content), (error) => error instanceof Refusal && why.test(error.message));
  }
  assert.equal(shipped.selfTest(), true);
});

test("a decoder alone draws, and refuses to encode", async () => {
  const engine = await open(model("decoder"));
  assert.equal(engine.hasEncoder, false);
  assert.throws(() => engine.encode(new Uint8Array(784)), /has no encoder/);
  assert.equal(engine.score(new Uint8Array(784)), null);
  assert.ok(measureSpread(engine).active >= 10);
});

test("latents are bounded, whatever the page asks for", () => {
  const z = (value) => new Float32Array(50).fill(value);
  const limit = shipped.decode(z(8191 / 1024)).slice();
  for (const value of [8.01, 1e30, Infinity]) assert.deepEqual(shipped.decode(z(value)), limit);
  const lowest = shipped.decode(z(-8191 / 1024)).slice();
  for (const value of [-8.01, -1e30, -Infinity, NaN]) assert.deepEqual(shipped.decode(z(value)), lowest);
  assert.notDeepEqual(limit, lowest);
});

test("the active latents are those that its classes use", () => {
  const {order, active} = measureSpread(shipped);
  assert.equal(active, 18);
  assert.deepEqual([...order].sort((a, b) => a - b), [...Array(50).keys()]);
});

test("a reconstruction is the decoded mean, and noise is not normal", () => {
  const images = readImages(path.join(data, "t10k-images-idx3-ubyte"));
  const image = images(0);
  const {mu} = shipped.encode(image);
  const squares = shipped.decode(mu).reduce((sum, pixel, i) => sum + (pixel - image[i]) ** 2, 0);
  const score = shipped.score(image);
  assert.equal(score.squares * 256, squares);
  assert.ok(score.excess < shipped.threshold(999));
  const noise = Uint8Array.from({length: 784}, (_, i) => i * 2654435761 >>> 24);
  assert.ok(shipped.score(noise).excess > shipped.threshold(999));
});

test("sign.mjs has a row for each kernel, none for floats, and one line for what is no model", () => {
  const module = path.join(build, "module/picovae_web.wasm");
  const sign = (name) =>
    execFileSync("node", ["ports/web/sign.mjs", module, model(name)], {stdio: "pipe", encoding: "utf8"});
  const rows = JSON.parse(sign("decoder"));
  assert.deepEqual(rows.map(({isa, ok}) => [isa, ok]), [["simd128", true], ["scalar", true]]);
  assert.deepEqual(Object.keys(rows[0]), ["target", "isa", "ok", "signature"]);
  assert.deepEqual(JSON.parse(sign("f16")), []);
  assert.throws(() => sign("board"), ({status, stderr}) =>
    status === 1 && /^\S+board\.pvae: packed for a board.*\n$/.test(stderr));
});

// ---- A drawing becomes an image

const SIZE = {columns: 28, rows: 28};

function enlarge(image, times) {
  const width = 28 * times;
  const at = (i) => Math.floor(Math.floor(i / width) / times) * 28 + Math.floor(i % width / times);
  return Uint8Array.from({length: width * width}, (_, i) => image[at(i)]);
}

test("a digit of MNIST, drawn ten times as large, becomes itself", () => {
  const images = readImages(path.join(data, "t10k-images-idx3-ubyte"));
  for (let i = 0; i < 20; ++i) {
    const image = images(i), again = imageOf(enlarge(image, 10), 280, SIZE);
    const differs = image.reduce((sum, pixel, at) => sum + Math.abs(pixel - again[at]), 0);
    const ink = image.reduce((sum, pixel) => sum + pixel, 0);
    assert.ok(differs < 0.02 * ink, `digit ${i}: ${differs} of ${ink}`);
  }
});

test("where and how large a drawing is does not matter", () => {
  const block = (left, top, width, height) => Uint8Array.from({length: 280 * 280}, (_, i) => {
    const x = i % 280 - left, y = Math.floor(i / 280) - top;
    return x >= 0 && x < width && y >= 0 && y < height ? 255 : 0;
  });
  const tall = imageOf(block(10, 20, 40, 80), 280, SIZE);
  assert.deepEqual(imageOf(block(150, 60, 80, 160), 280, SIZE), tall);
  // 10 x 20 pixels about pixel 14, 14, from which it is half a pixel off.
  tall.forEach((pixel, i) => {
    const column = i % 28, row = Math.floor(i / 28);
    assert.equal(pixel, column >= 10 && column < 20 && row >= 5 && row < 25 ? 255 : 0, `${column}, ${row}`);
  });
});

test("no drawing is no image; a small image takes a drawing as it stands", () => {
  assert.deepEqual(imageOf(new Uint8Array(280 * 280), 280, SIZE), new Uint8Array(784));
  const left = Uint8Array.from({length: 50 * 30}, (_, i) => (i % 50 < 10 ? 255 : 0));
  assert.deepEqual([...imageOf(left, 50, {columns: 5, rows: 3})], [255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0]);
});
