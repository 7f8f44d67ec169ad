import type { KernelTarget, VectorCosts } from "../../kernel/target.ts";
import { type CpuFeatures, cpuFeatures } from "./cpu-features.ts";
import type { X64Target } from "./instruction-buffer.ts";

/** What every processor with AVX2 or AVX-512 has at least: descriptions of it do not depend on the machine at hand. */
export const leastFeatures: CpuFeatures = {
  avx2: true,
  avx512: true,
  avx512Vnni: false,
  avxVnni: false,
  avx512Bf16: false,
  cache: { l1: 32768, l2: 0, l3: 0 },
};

/** 256 bits on two units for arithmetic and two for loads; without dot products, three and five instructions stand for one. */
function narrowCosts(dotU8I8: boolean, dotBf16: boolean): VectorCosts {
  return { lanes: 8, multiplyAdd: 0.5, load: 0.5, broadcast: 0.5, dotU8I8: dotU8I8 ? 0.5 : 1.5, dotBf16: dotBf16 ? 2 : 2.5 };
}

/** 512 bits: the two units of 256 together, and half as many loads, as on the processors that have no second unit of that width. */
function wideCosts(dotU8I8: boolean, dotBf16: boolean): VectorCosts {
  return { lanes: 16, multiplyAdd: 1, load: 1, broadcast: 1, dotU8I8: dotU8I8 ? 1 : 3, dotBf16: dotBf16 ? 2 : 5 };
}

/** A target as a processor of these features runs it. */
export function describeX64Target(name: X64Target, features: CpuFeatures = leastFeatures): KernelTarget {
  const wide = name === "x64-avx512";
  const { l1, l2, l3 } = features.cache;
  const dotU8I8 = wide ? features.avx512Vnni : features.avxVnni;
  const dotBf16 = wide && features.avx512Bf16;
  const narrow = narrowCosts(dotU8I8, dotBf16);
  return {
    name,
    lanes: wide ? 16 : 8,
    vectorRegisters: wide ? 32 : 16,
    reservedRegisters: 0,
    loadsAhead: false,
    embeddedBroadcast: wide,
    fusedMultiplyAdd: true,
    dotU8I8: dotU8I8 ? "native" : "sequence",
    dotBf16: dotBf16 ? "native" : "sequence",
    cache: { l1: l1 || 32768, l2: l2 || (wide ? 1048576 : 524288), l3 },
    costs: { vectors: wide ? [wideCosts(dotU8I8, dotBf16), narrow] : [narrow], multiplyAddLatency: 4, step: 0.4 },
  };
}

/** Best first. */
export const x64TargetNames: readonly X64Target[] = ["x64-avx512", "x64-avx2"];

/** The targets of this generator that run here, best first. None without koffi or on another processor. */
export function availableX64Targets(): X64Target[] {
  const { avx2, avx512 } = cpuFeatures();
  return x64TargetNames.filter((name) => (name === "x64-avx512" ? avx512 : avx2));
}
