// sign.mjs MODULE MODEL [DATA]: signs a model with every ISA of the module, as rows for tests/stages/matrix.py; none
// of a float model. With a data set also the CRC-32C of its test images' codes by the best of them, as `picovae encode`
// has it.
import fs from "node:fs";
import path from "node:path";

import {crc32c} from "./crc32c.mjs";
import {Engine, Refusal} from "./page/engine.mjs";

const [moduleFile, modelFile, data] = process.argv.slice(2);

// mu in Q3.12, then logvar in Q5.10, image after image.
function signCodes(engine, folder) {
  const file = fs.readFileSync(path.join(folder, "t10k-images-idx3-ubyte"));
  const images = file.subarray(16);
  const pixels = file.readUInt32BE(8) * file.readUInt32BE(12);
  if (pixels !== engine.pixels) {
    throw new Refusal(`takes images of ${engine.pixels} pixels; those of ${folder} have ${pixels}`);
  }
  const code = new Int16Array(2 * engine.latent);
  let crc = 0;
  for (let at = 0; at < images.length; at += engine.pixels) {
    const {mu, logvar} = engine.encode(images.subarray(at, at + engine.pixels));
    mu.forEach((value, k) => {
      code[k] = value * 4096;
      code[engine.latent + k] = logvar[k] * 1024;
    });
    crc = crc32c(new Uint8Array(code.buffer), crc);
  }
  return crc;
}

const hex = (word) => word.toString(16).padStart(8, "0");

function run(signing) {
  let step = signing.next();
  while (!step.done) step = signing.next();
  return step.value;
}

async function signEveryIsa(module, model) {
  const rows = [];
  for (const which of [0, 1]) {
    const engine = await Engine.open(module, model, which);
    if (!engine.isInteger) return [];
    const row = {target: "wasm32", isa: engine.kernels, ok: engine.selfTest() !== false};
    for (const images of [1, 10]) {  // another path of the kernels
      const {computed, agrees} = run(engine.sign(images));
      row.signature = hex(computed.generated);
      if (engine.hasEncoder) {
        row.signature_reconstruct = hex(computed.reconstructed);
        row.signature_scores = hex(computed.scores);
      }
      row.ok &&= agrees;
    }
    // Ten thousand images take plain C++ a minute.
    if (data && engine.hasEncoder && which === 0) row.codes = hex(signCodes(engine, data));
    rows.push(row);
  }
  return rows;
}

const module = await WebAssembly.compile(fs.readFileSync(moduleFile));
try {
  console.log(JSON.stringify(await signEveryIsa(module, fs.readFileSync(modelFile))));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(`${modelFile}: ${error.message}`);
  process.exitCode = 1;
}
