import { afterAll, describe, it } from "vitest";
import { checkRandomKernels } from "../../../test/support/check-random-kernels.ts";
import { availableWasmTargets, createWasmEngine } from "./wasm-engine.ts";

describe.each(availableWasmTargets())("%s", (name) => {
  const engine = createWasmEngine(name, { threads: 1 });
  afterAll(() => engine.dispose());

  it("gives what the interpreter gives, for random kernels", () => checkRandomKernels(engine, { runs: 120, seed: 4 }));
});
