import type { FunctionAssembler } from "./function-assembler.ts";

/**
 * What `i32x4.relaxed_dot_i8x16_i7x16_add_s` gives for bytes of eight bits in its second operand, which the specification leaves to
 * the engine, once for all: the products of unsigned bytes (`unsigned`: where sums of two fit 16 bits; `exact`: whatever they are),
 * or something else.
 */
export type RelaxedDot = "exact" | "unsigned" | "other";

/** What the engine does beyond plain SIMD. */
export interface VectorFeatures {
  /** Whether relaxed SIMD instructions may be used. */
  readonly relaxed: boolean;
  readonly relaxedDot: RelaxedDot;
}

/** What single operations need of the kernel's emitter. Every kernel register is a v128; unused lanes hold anything. */
export interface VectorContext extends VectorFeatures {
  readonly assembler: FunctionAssembler;
  /** Pushes a vector with these 32 bits in every lane. */
  readonly constant: (bits: number) => void;
  /** Pushes a vector of sixteen bytes. */
  readonly vector: (bytes: readonly number[]) => void;
  /** Runs `body` with a v128 local of its own. */
  readonly withVector: (body: (local: number) => void) => void;
}

const words = new Int32Array(1);
const floats = new Float32Array(words.buffer);

/** The bits of a number rounded to f32. */
export function f32Bits(value: number): number {
  floats[0] = value;
  return words[0];
}
