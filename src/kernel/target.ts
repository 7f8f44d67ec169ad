/** Names of the targets, the property CPU_TARGET's values. */
export type TargetName = "x64-avx512" | "x64-avx2" | "wasm-relaxed" | "wasm-simd" | "interpreter";

/** What a kernel needs to know of the machine to choose its tile. */
export interface KernelTarget {
  readonly name: TargetName;
  /** f32 lanes of the widest vector. Any smaller power of two down to 1 may be used as well. */
  readonly lanes: number;
  /** Vector registers that the code generator can give out. */
  readonly vectorRegisters: number;
  /** An arithmetic operand may be a broadcast from memory without a register of its own. */
  readonly embeddedBroadcast: boolean;
  /** `fma` is one instruction. */
  readonly fusedMultiplyAdd: boolean;
  /** Data cache sizes in bytes, for blocking. */
  readonly cache: { readonly l1: number; readonly l2: number };
}

export const targets: Readonly<Record<TargetName, KernelTarget>> = {
  "x64-avx512": {
    name: "x64-avx512",
    lanes: 16,
    vectorRegisters: 32,
    embeddedBroadcast: true,
    fusedMultiplyAdd: true,
    cache: { l1: 32768, l2: 1048576 },
  },
  "x64-avx2": {
    name: "x64-avx2",
    lanes: 8,
    vectorRegisters: 16,
    embeddedBroadcast: false,
    fusedMultiplyAdd: true,
    cache: { l1: 32768, l2: 524288 },
  },
  "wasm-relaxed": {
    name: "wasm-relaxed",
    lanes: 4,
    vectorRegisters: 16,
    embeddedBroadcast: false,
    fusedMultiplyAdd: true,
    cache: { l1: 32768, l2: 524288 },
  },
  "wasm-simd": {
    name: "wasm-simd",
    lanes: 4,
    vectorRegisters: 16,
    embeddedBroadcast: false,
    fusedMultiplyAdd: false,
    cache: { l1: 32768, l2: 524288 },
  },
  interpreter: {
    name: "interpreter",
    lanes: 8,
    vectorRegisters: 16,
    embeddedBroadcast: false,
    fusedMultiplyAdd: false,
    cache: { l1: 32768, l2: 524288 },
  },
};
