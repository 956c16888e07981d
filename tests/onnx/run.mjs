// node run.mjs ONNXRUNTIME < JOB: runs a model in ONNX Runtime. The job, in JSON:
//   model    file
//   batch    rows at a time
//   inputs   {name: {type, width, file}}, types and little-endian arrays as ONNX Runtime has them
//   outputs  {name: file}, to be written
//   timed    how many times the first row is run for its time; 0: not
// Prints {"us": the shortest of those times}.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const ort = createRequire(`${process.argv[2]}/`)('onnxruntime-node');
const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
const job = JSON.parse(fs.readFileSync(0, 'utf8'));
const session = await ort.InferenceSession.create(job.model, { intraOpNumThreads: 1, logSeverityLevel: 3 });

const inputs = Object.entries(job.inputs).map(([name, { type, width, file }]) => {
  const bytes = fs.readFileSync(file);
  const values = new ARRAYS[type](bytes.buffer, bytes.byteOffset, bytes.length / ARRAYS[type].BYTES_PER_ELEMENT);
  return { name, type, width, values, rows: values.length / width };
});
const feeds = (first, count) => Object.fromEntries(inputs.map(({ name, type, width, values }) =>
  [name, new ort.Tensor(type, values.subarray(first * width, (first + count) * width), [count, width])]));

const written = Object.fromEntries(Object.entries(job.outputs).map(([name, file]) => [name, fs.openSync(file, 'w')]));
for (let first = 0; first < inputs[0].rows; first += job.batch) {
  const results = await session.run(feeds(first, Math.min(job.batch, inputs[0].rows - first)));
  for (const [name, file] of Object.entries(written)) {
    const { data } = results[name];
    fs.writeSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
}
let shortest = Infinity;
for (let i = 0; i < job.timed; i++) {
  const one = feeds(0, 1);
  const start = performance.now();
  await session.run(one);
  shortest = Math.min(shortest, performance.now() - start);
}
console.log(JSON.stringify({ us: 1000 * shortest }));
