import type { FunctionAssembler } from "./function-assembler.ts";

/** What the emitters of single operations need of the kernel's emitter. Every kernel register is a v128; unused lanes hold anything. */
export interface VectorContext {
  readonly assembler: FunctionAssembler;
  /** Whether relaxed SIMD instructions may be used. */
  readonly relaxed: boolean;
  /** Pushes a vector with these 32 bits in every lane. */
  constant(bits: number): void;
  /** Runs `body` with a v128 local of its own. */
  withScratch(body: (local: number) => void): void;
}

const words = new Int32Array(1);
const floats = new Float32Array(words.buffer);

/** The bits of a number rounded to f32. */
export function f32Bits(value: number): number {
  floats[0] = value;
  return words[0];
}
