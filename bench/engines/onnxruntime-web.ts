import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";
import { type BenchEngine, seededInput } from "./engine.ts";

/** ONNX Runtime's WebAssembly build, run in Node. */
export const onnxruntimeWeb: BenchEngine = {
  name: "onnxruntime-web",
  async prepare({ model, input, shape }, threads) {
    ort.env.wasm.numThreads = threads;
    const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(model)), { executionProviders: ["wasm"] });
    const feed = { [input]: new ort.Tensor("float32", seededInput(shape.reduce((n, d) => n * d, 1)), shape) };
    return { run: () => session.run(feed) };
  },
};
