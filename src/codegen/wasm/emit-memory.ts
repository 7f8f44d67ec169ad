import { VintnerError } from "../../common/errors.ts";
import { type MemoryElement, memoryElementBytes } from "../../kernel/kernel.ts";
import { emitNarrowFloat16, emitWidenFloat16 } from "./emit-float16.ts";
import type { InstructionName } from "./instructions.ts";
import type { VectorContext } from "./vector-context.ts";

/** A place in memory: `push` pushes the address, to which the access adds `offset` bytes. */
export interface Address {
  readonly push: () => void;
  readonly offset: number;
}

const alignments: Readonly<Record<MemoryElement, number>> = { f32: 2, i32: 2, f16: 1, bf16: 1, u8: 0, i8: 0, u16: 1, i16: 1, i64: 3 };
/** Loads and stores of 8, 16, 32 and 64 bits by bytes. */
const zeroLoads: Readonly<Record<number, InstructionName>> = { 4: "v128.load32_zero", 8: "v128.load64_zero", 16: "v128.load" };
const laneLoads: Readonly<Record<number, InstructionName>> = { 1: "v128.load8_lane", 2: "v128.load16_lane", 4: "v128.load32_lane" };
const laneStores: Readonly<Record<number, InstructionName>> = {
  1: "v128.store8_lane",
  2: "v128.store16_lane",
  4: "v128.store32_lane",
  8: "v128.store64_lane",
};
const unsupported = (element: MemoryElement): VintnerError =>
  new VintnerError("UNSUPPORTED", { what: `WebAssembly does not move ${element} memory yet` });

/** Pushes `count` elements, widened; the lanes behind them are 0. Reads no byte outside of them. */
export function emitLoad(context: VectorContext, element: MemoryElement, { push, offset }: Address, count: number): void {
  const { assembler: a } = context;
  const size = memoryElementBytes[element];
  const align = alignments[element];
  // In two pieces where the bytes are no power of two: the first as large as possible, then one lane.
  const first = count === 3 ? 2 : count;
  if (first < count) push();
  push();
  const whole = zeroLoads[first * size];
  if (whole) a.op(whole, align, offset);
  else {
    context.constant(0);
    a.op(laneLoads[first * size], align, offset, 0);
  }
  if (first < count) a.op(laneLoads[size], align, offset + first * size, first);
  emitWiden(context, element);
}

/** Pushes one element in every lane. */
export function emitBroadcast(context: VectorContext, element: MemoryElement, { push, offset }: Address): void {
  const { assembler: a } = context;
  push();
  switch (element) {
    case "f32":
    case "i32":
      a.op("v128.load32_splat", 2, offset);
      return;
    case "f16":
      a.op("i32.load16_u", 1, offset);
      a.op("i32x4.splat");
      emitWidenFloat16(context);
      return;
    case "u8":
    case "i8":
      a.op(element === "u8" ? "i32.load8_u" : "i32.load8_s", 0, offset);
      a.op("i32x4.splat");
      return;
    default:
      throw unsupported(element);
  }
}

/** Stores the first `count` lanes of what `value` pushes, narrowed. Writes no byte outside of them. */
export function emitStore(
  context: VectorContext,
  element: MemoryElement,
  { push, offset }: Address,
  count: number,
  value: () => void,
): void {
  const { assembler: a } = context;
  const size = memoryElementBytes[element];
  const align = alignments[element];
  push();
  value();
  emitNarrow(context, element);
  if (count === 4 && size === 4) a.op("v128.store", align, offset);
  else if (count !== 3) a.op(laneStores[count * size], align, offset, 0);
  else
    context.withScratch((vector) => {
      a.op("local.tee", vector);
      a.op(laneStores[2 * size], align, offset, 0);
      push();
      a.get(vector);
      a.op(laneStores[size], align, offset + 2 * size, 2);
    });
}

function emitWiden(context: VectorContext, element: MemoryElement): void {
  const { assembler: a } = context;
  switch (element) {
    case "f16":
      a.op("i32x4.extend_low_i16x8_u");
      emitWidenFloat16(context);
      return;
    case "u8":
      a.op("i16x8.extend_low_i8x16_u");
      a.op("i32x4.extend_low_i16x8_u");
      return;
    case "i8":
      a.op("i16x8.extend_low_i8x16_s");
      a.op("i32x4.extend_low_i16x8_s");
      return;
    case "f32":
    case "i32":
      return;
    default:
      throw unsupported(element);
  }
}

const lowHalves = [0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13];
const lowBytes = [0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12];

function emitNarrow(context: VectorContext, element: MemoryElement): void {
  if (element === "f32" || element === "i32") return;
  if (element !== "f16" && element !== "u8" && element !== "i8") throw unsupported(element);
  const { assembler: a } = context;
  if (element === "f16") emitNarrowFloat16(context);
  context.withScratch((vector) => {
    a.op("local.tee", vector);
    a.get(vector);
    a.op("i8x16.shuffle", ...(element === "f16" ? lowHalves : lowBytes));
  });
}
