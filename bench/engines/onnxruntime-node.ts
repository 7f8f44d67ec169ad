import * as ort from "onnxruntime-node";
import { type BenchEngine, seededInput } from "./engine.ts";

/** ONNX Runtime's native build for Node. */
export const onnxruntimeNode: BenchEngine = {
  name: "onnxruntime-node",
  async prepare({ model, input, shape }, threads) {
    const session = await ort.InferenceSession.create(model, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionProviders: ["cpu"],
    });
    const feed = { [input]: new ort.Tensor("float32", seededInput(shape.reduce((n, d) => n * d, 1)), shape) };
    return { run: () => session.run(feed) };
  },
};
