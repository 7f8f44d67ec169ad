import type { VectorContext } from "./vector-context.ts";

/** How the operands of a dot product are pushed, each once: two vectors of lanes of several numbers, and the sums so far. */
interface DotOperands {
  readonly push: (operand: number) => void;
}

/** Sums of four products of u8 and i8 in each lane, exact. */
export function emitDotU8I8(context: VectorContext, operands: DotOperands): void {
  if (context.relaxedDot === "exact") emitRelaxedDot(context, operands);
  else emitDotByHalves(context, operands);
}

/** The same where the sums of two products fit 16 bits. */
export function emitDotU8I8Narrow(context: VectorContext, operands: DotOperands): void {
  if (context.relaxedDot === "other") emitDotByHalves(context, operands);
  else emitRelaxedDot(context, operands);
}

function emitRelaxedDot({ assembler }: VectorContext, { push }: DotOperands): void {
  push(1);
  push(0);
  push(2);
  assembler.op("i32x4.relaxed_dot_i8x16_i7x16_add_s");
}

/**
 * Bytes 0 and 2 of each lane as 16 bits, then bytes 1 and 3, so that no shuffle is needed and what depends on one operand only is
 * computed once however often it is used.
 */
function emitDotByHalves({ assembler: a, constant, withVector }: VectorContext, { push }: DotOperands): void {
  withVector((unsigned) =>
    withVector((signed) => {
      push(0);
      a.set(unsigned);
      push(1);
      a.set(signed);
      push(2);
      a.get(unsigned);
      constant(0x00ff00ff);
      a.op("v128.and");
      a.get(signed);
      a.i32(8);
      a.op("i16x8.shl");
      a.i32(8);
      a.op("i16x8.shr_s");
      a.op("i32x4.dot_i16x8_s");
      a.op("i32x4.add");
      a.get(unsigned);
      a.i32(8);
      a.op("i16x8.shr_u");
      a.get(signed);
      a.i32(8);
      a.op("i16x8.shr_s");
      a.op("i32x4.dot_i16x8_s");
      a.op("i32x4.add");
    }),
  );
}

/** Two products of bf16 in each lane, the upper one added first. */
export function emitDotBf16({ assembler: a, relaxed, constant, withVector }: VectorContext, { push }: DotOperands): void {
  withVector((first) =>
    withVector((second) => {
      const pushUpper = (vector: number): void => {
        a.get(vector);
        constant(0xffff0000);
        a.op("v128.and");
      };
      const pushLower = (vector: number): void => {
        a.get(vector);
        a.i32(16);
        a.op("i32x4.shl");
      };
      push(0);
      a.set(first);
      push(1);
      a.set(second);
      if (relaxed) {
        for (const pushHalf of [pushLower, pushUpper]) for (const vector of [first, second]) pushHalf(vector);
        push(2);
        a.op("f32x4.relaxed_madd");
        a.op("f32x4.relaxed_madd");
        return;
      }
      push(2);
      for (const pushHalf of [pushUpper, pushLower]) {
        for (const vector of [first, second]) pushHalf(vector);
        a.op("f32x4.mul");
        a.op("f32x4.add");
      }
    }),
  );
}
