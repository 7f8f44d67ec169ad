// From `node` to the first answer with the package as it is built: `node vintner.mjs MODEL INPUTS`, INPUTS being JSON of names, types and shapes.
import process from "node:process";
import { peakMemory } from "./peak-memory.mjs";

const begin = performance.now();
const { Core, Tensor } = await import("../../dist/index.js");
const imported = performance.now();
const [, , path, inputs] = process.argv;
const core = new Core();
const model = await core.readModel(path);
const read = performance.now();
const compiled = await core.compileModel(model, "CPU");
const compiledAt = performance.now();
const request = compiled.createInferRequest();
const tensors = {};
for (const { name, type, shape } of JSON.parse(inputs)) {
  const tensor = new Tensor(type, shape);
  tensor.data.fill(type === "i64" ? 1n : 1);
  tensors[name] = tensor;
}
request.infer(tensors);
const answered = performance.now();
const times = { import: imported - begin, read: read - imported, compile: compiledAt - read, infer: answered - compiledAt };
process.stdout.write(`${JSON.stringify({ ...times, peak: peakMemory() })}\n`);
process.exit();
