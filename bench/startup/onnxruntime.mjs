// The same with ONNX Runtime: `node onnxruntime.mjs MODEL INPUTS`.
import process from "node:process";
import { peakMemory } from "./peak-memory.mjs";

const begin = performance.now();
const { InferenceSession, Tensor } = await import("onnxruntime-node");
const imported = performance.now();
const [, , path, inputs] = process.argv;
const session = await InferenceSession.create(path);
const compiled = performance.now();
const arrays = { f32: Float32Array, i64: BigInt64Array, i32: Int32Array, u8: Uint8Array, boolean: Uint8Array };
const types = { f32: "float32", i64: "int64", i32: "int32", u8: "uint8", boolean: "bool" };
const feeds = {};
for (const { name, type, shape } of JSON.parse(inputs)) {
  const data = new arrays[type](shape.reduce((n, d) => n * d, 1)).fill(type === "i64" ? 1n : 1);
  feeds[name] = new Tensor(types[type], data, shape);
}
await session.run(feeds);
const answered = performance.now();
const times = { import: imported - begin, read: 0, compile: compiled - imported, infer: answered - compiled };
process.stdout.write(`${JSON.stringify({ ...times, peak: peakMemory() })}\n`);
process.exit();
