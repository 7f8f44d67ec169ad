import { f32Bits, type VectorContext } from "./vector-context.ts";

/**
 * Half floats by integer operations, four lanes of 16 bits in 32: F. Giesen's conversions. Exact, subnormals, infinities
 * and NaN included.
 */

/** Replaces the half floats' bits on the stack by their f32 values. */
export function emitWidenFloat16(context: VectorContext): void {
  const { assembler: a } = context;
  context.withVector((half) =>
    context.withVector((magnitude) => {
      a.op("local.tee", half);
      context.constant(0x7fff);
      a.op("v128.and");
      a.i32(13);
      a.op("i32x4.shl");
      a.op("local.tee", magnitude);
      // The exponent's bias becomes f32's by a multiplication, which also normalizes subnormals.
      context.constant(f32Bits(2 ** 112));
      a.op("f32x4.mul");
      a.get(magnitude);
      context.constant(0x0f7fffff);
      a.op("i32x4.gt_s");
      context.constant(0x7f800000);
      a.op("v128.and");
      a.op("v128.or");
      a.get(half);
      context.constant(0x8000);
      a.op("v128.and");
      a.i32(16);
      a.op("i32x4.shl");
      a.op("v128.or");
    }),
  );
}

/** Replaces the f32 values on the stack by half floats' bits, to nearest even; NaN becomes the quiet NaN of its sign. */
export function emitNarrowFloat16(context: VectorContext): void {
  const { assembler: a } = context;
  context.withVector((value) =>
    context.withVector((magnitude) => {
      a.op("local.tee", value);
      context.constant(0x7fffffff);
      a.op("v128.and");
      a.set(magnitude);
      // Normal results: rebias, round by adding half a unit less one plus the last bit kept.
      a.get(magnitude);
      a.i32(13);
      a.op("i32x4.shr_u");
      context.constant(1);
      a.op("v128.and");
      a.get(magnitude);
      a.op("i32x4.add");
      context.constant(((15 - 127) << 23) + 0xfff);
      a.op("i32x4.add");
      a.i32(13);
      a.op("i32x4.shr_u");
      // Subnormal results: adding 0.5, whose unit is that of a subnormal half, rounds.
      a.get(magnitude);
      context.constant(f32Bits(0.5));
      a.op("f32x4.add");
      context.constant(f32Bits(0.5));
      a.op("i32x4.sub");
      a.get(magnitude);
      context.constant(0x387fffff);
      a.op("i32x4.gt_s");
      a.op("v128.bitselect");
      // Infinity from 2^16 on, NaN.
      context.constant(0x7e00);
      context.constant(0x7c00);
      a.get(magnitude);
      context.constant(0x7f800000);
      a.op("i32x4.gt_s");
      a.op("v128.bitselect");
      a.get(magnitude);
      context.constant(0x477fffff);
      a.op("i32x4.le_s");
      a.op("v128.bitselect");
      a.get(value);
      a.i32(16);
      a.op("i32x4.shr_u");
      context.constant(0x8000);
      a.op("v128.and");
      a.op("v128.or");
    }),
  );
}
