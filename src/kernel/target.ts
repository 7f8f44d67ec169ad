/** Cycles that a core spends on instructions on vectors of some width, many of them being independent. */
export interface VectorCosts {
  /** The widest vectors that these figures are of, in f32 lanes. Narrower ones cost the same, unless there are figures of their own. */
  readonly lanes: number;
  /** One multiply-add: an instruction, or two where `fusedMultiplyAdd` is false. */
  readonly multiplyAdd: number;
  /** Reading a vector from the first level of cache. */
  readonly load: number;
  /** Reading one element into all lanes. */
  readonly broadcast: number;
  /** One `dotU8I8Narrow`: an instruction, or its sequence. */
  readonly dotU8I8: number;
  /** One `dotBf16`: an instruction, or its sequence. */
  readonly dotBf16: number;
}

/** What a target's instructions cost, for cost models. bench/target-costs.ts measures the figures and says how. */
export interface TargetCosts {
  /** Widest first. */
  readonly vectors: readonly VectorCosts[];
  /** Cycles from a multiply-add's accumulator to its result: how long a chain of them takes at least. */
  readonly multiplyAddLatency: number;
  /** Cycles of one step of an inner loop beside its arithmetic and loads. */
  readonly step: number;
}

/** How a vector operation is done: by one instruction, or by a sequence of more general ones. */
export type Implementation = "native" | "sequence";

/** What kernels and their cost models need to know of a machine: what it can do and what that costs, never which one it is. */
export interface KernelTarget {
  /** What users call it: a value of the property CPU_TARGET. Only the folder that makes code for it compares it. */
  readonly name: string;
  /** f32 lanes of the widest vector. Any smaller power of two down to 1 may be used as well. */
  readonly lanes: number;
  /** Vector registers that the code generator can give out. */
  readonly vectorRegisters: number;
  /** Those of them that the machine's own code needs in an inner loop: for what it schedules, or a product that is not fused. */
  readonly reservedRegisters: number;
  /** All operands of a step are read before the first is used, each into a register of its own, as some compilers schedule them. */
  readonly loadsAhead: boolean;
  /** An arithmetic operand may be a broadcast from memory without a register of its own. */
  readonly embeddedBroadcast: boolean;
  /** `fma` is one instruction. */
  readonly fusedMultiplyAdd: boolean;
  readonly dotU8I8: Implementation;
  readonly dotBf16: Implementation;
  /** Data caches in bytes, for blocking: the first two of a core, and the one that cores share, 0 where there is none or it is not known. */
  readonly cache: { readonly l1: number; readonly l2: number; readonly l3: number };
  readonly costs: TargetCosts;
}

/** What instructions on vectors of so many lanes cost. */
export function vectorCosts({ costs }: KernelTarget, lanes: number): VectorCosts {
  let found = costs.vectors[0];
  for (const entry of costs.vectors) if (entry.lanes >= lanes) found = entry;
  return found;
}

/** The interpreter's: it has no machine, so the figures are those of plain WebAssembly, in vectors of eight. */
export const interpreterTarget: KernelTarget = {
  name: "interpreter",
  lanes: 8,
  vectorRegisters: 16,
  reservedRegisters: 2,
  loadsAhead: true,
  embeddedBroadcast: false,
  fusedMultiplyAdd: false,
  dotU8I8: "sequence",
  dotBf16: "sequence",
  cache: { l1: 32768, l2: 524288, l3: 0 },
  costs: {
    vectors: [{ lanes: 8, multiplyAdd: 0.7, load: 0.9, broadcast: 0.5, dotU8I8: 2.1, dotBf16: 2.4 }],
    multiplyAddLatency: 3,
    step: 0.4,
  },
};
