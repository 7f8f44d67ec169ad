import type { VectorContext } from "./vector-context.ts";

/** Replaces the bf16 bits on the stack, four lanes of 16 bits in 32, by their f32 values. */
export function emitWidenBfloat16({ assembler: a }: VectorContext): void {
  a.i32(16);
  a.op("i32x4.shl");
}

/** Replaces the f32 values on the stack by bf16 bits, to nearest even; NaN becomes the quiet NaN 0x7fc0. */
export function emitNarrowBfloat16({ assembler: a, constant, withVector }: VectorContext): void {
  withVector((value) => {
    a.op("local.tee", value);
    a.i32(16);
    a.op("i32x4.shr_u");
    constant(1);
    a.op("v128.and");
    a.get(value);
    a.op("i32x4.add");
    constant(0x7fff);
    a.op("i32x4.add");
    a.i32(16);
    a.op("i32x4.shr_u");
    constant(0x7fc0);
    a.get(value);
    a.get(value);
    a.op("f32x4.eq");
    a.op("v128.bitselect");
  });
}
