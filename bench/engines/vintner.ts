import { convertModel, Core } from "../../src/index.ts";
import { type BenchEngine, seededInput } from "./engine.ts";

/** vintner on its CPU device, on the best target or the one given. */
const vintnerOn = (name: string, target: string | undefined): BenchEngine => ({
  name,
  async prepare({ model, input, shape }, threads) {
    const core = new Core();
    const network = await convertModel(model, { input: `${input}[${shape.join(",")}]` });
    const compiled = await core.compileModel(network, "CPU", {
      INFERENCE_NUM_THREADS: threads,
      ...(target !== undefined && { CPU_TARGET: target }),
    });
    const request = compiled.createInferRequest();
    (request.getInputTensor(0).data as Float32Array).set(seededInput(shape.reduce((n, d) => n * d, 1)));
    return { run: () => void request.infer() };
  },
});

export const vintner: BenchEngine = vintnerOn("vintner", undefined);
export const vintnerAvx2: BenchEngine = vintnerOn("vintner x64-avx2", "x64-avx2");
export const vintnerWasm: BenchEngine = vintnerOn("vintner wasm", "wasm");
