import { afterAll, describe, it } from "vitest";
import { checkRandomKernels } from "../../../test/support/check-random-kernels.ts";
import { availableWasmTargets, createWasmEngine } from "./wasm-engine.ts";

const cases = availableWasmTargets().flatMap((name) => [[name, 1, 120] as const, [name, 3, 60] as const]);

describe.each(cases)("%s on %d threads", (name, threads, runs) => {
  const engine = createWasmEngine(name, { threads });
  afterAll(() => engine.dispose());

  it("gives what the interpreter gives, for random kernels", () => checkRandomKernels(engine, { runs, seed: 3 + threads }));
});
