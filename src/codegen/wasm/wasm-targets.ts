import { interpreterTarget, type KernelTarget } from "../../kernel/target.ts";
import type { VectorFeatures } from "./vector-context.ts";

/** The names that users call them by. */
export type WasmTargetName = "wasm-relaxed" | "wasm-simd";

/** What both have in common: V8 knows neither the caches nor the processor, and keeps registers for itself. */
const common = {
  lanes: 4,
  vectorRegisters: 16,
  loadsAhead: true,
  embeddedBroadcast: false,
  dotU8I8: "sequence",
  dotBf16: "sequence",
  cache: { l1: 32768, l2: 524288, l3: 0 },
} as const satisfies Partial<KernelTarget>;

/**
 * The WebAssembly targets. Costs are V8's on x86-64: 54 GFLOP/s of fused register tiles of 4x2 and 3x3 on Zen 4, 39 of 4x2 that are
 * not fused; of dot products of bytes 67 G/s by the sequence and 213 where V8 has the processor's instruction for them, and of bf16
 * 43 and 36, beside 60 and 48 GFLOP/s of f32 there (Xeon with AVX-512; bench/wasm-tiles.ts).
 */
export const wasmTargets: Readonly<Record<WasmTargetName, KernelTarget>> = {
  "wasm-relaxed": {
    ...common,
    name: "wasm-relaxed",
    reservedRegisters: 1,
    fusedMultiplyAdd: true,
    costs: {
      vectors: [{ lanes: 4, multiplyAdd: 0.5, load: 0.9, broadcast: 0.5, dotU8I8: 1.9, dotBf16: 1.5 }],
      multiplyAddLatency: 4,
      step: 0.4,
    },
  },
  "wasm-simd": {
    ...common,
    name: "wasm-simd",
    reservedRegisters: 2,
    fusedMultiplyAdd: false,
    costs: { ...interpreterTarget.costs, vectors: [{ ...interpreterTarget.costs.vectors[0], lanes: 4, dotU8I8: 1.9, dotBf16: 1.7 }] },
  },
};

/** A target as this machine's engine has it. */
export function describeTarget(name: WasmTargetName, { relaxedDot }: VectorFeatures): KernelTarget {
  const target = wasmTargets[name];
  if (relaxedDot !== "exact") return target;
  const { costs } = target;
  return { ...target, dotU8I8: "native", costs: { ...costs, vectors: costs.vectors.map((v) => ({ ...v, dotU8I8: 0.6 })) } };
}
