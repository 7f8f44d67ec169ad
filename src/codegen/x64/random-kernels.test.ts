import { afterAll, describe, it } from "vitest";
import { checkRandomKernels } from "../../../test/support/check-random-kernels.ts";
import { cpuFeatures } from "./cpu-features.ts";
import { availableX64Targets, createX64Engine } from "./x64-engine.ts";
import { leastFeatures } from "./x64-targets.ts";

describe.skipIf(availableX64Targets().length === 0).each(availableX64Targets())("%s", (name) => {
  it.each([
    { title: "as it is here, one thread", features: cpuFeatures(), threads: 1 },
    { title: "as it is here, three threads", features: cpuFeatures(), threads: 3 },
    { title: "at least", features: leastFeatures, threads: 1 },
  ])("gives what the interpreter gives, for random kernels: $title", ({ features, threads }) => {
    const engine = createX64Engine(name, { threads }, features);
    afterAll(() => engine.dispose());
    checkRandomKernels(engine, { runs: 120, seed: 4 + threads });
  });
});

if (availableX64Targets().length === 0) it.skip("needs koffi and a processor with AVX2: random kernels");
