import type { FunctionAssembler } from "./function-assembler.ts";

/** What the engine does beyond plain SIMD. */
export interface VectorFeatures {
  /** Whether relaxed SIMD instructions may be used. */
  readonly relaxed: boolean;
  /** Whether `i32x4.relaxed_dot_i8x16_i7x16_add_s` takes its second operand's bytes as unsigned, all eight bits of them. */
  readonly unsignedRelaxedDot: boolean;
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
