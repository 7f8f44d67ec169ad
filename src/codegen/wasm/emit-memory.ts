import { invariant } from "../../common/errors.ts";
import { type MemoryElement, memoryElementBytes } from "../../kernel/kernel.ts";
import { emitNarrowBfloat16, emitWidenBfloat16 } from "./emit-bfloat16.ts";
import { emitNarrowFloat16, emitWidenFloat16 } from "./emit-float16.ts";
import type { InstructionName } from "./instructions.ts";
import type { VectorContext } from "./vector-context.ts";

/** A place in memory: `push` pushes the address, to which the access adds `offset` bytes. */
export interface Address {
  readonly push: () => void;
  readonly offset: number;
}

/** Loads and stores of 8, 16, 32, 64 and 128 bits by bytes. */
const zeroLoads: Readonly<Record<number, InstructionName>> = { 4: "v128.load32_zero", 8: "v128.load64_zero", 16: "v128.load" };
const laneLoads: Readonly<Record<number, InstructionName>> = { 1: "v128.load8_lane", 2: "v128.load16_lane", 4: "v128.load32_lane" };
const laneStores: Readonly<Record<number, InstructionName>> = {
  1: "v128.store8_lane",
  2: "v128.store16_lane",
  4: "v128.store32_lane",
  8: "v128.store64_lane",
};

/** Emits instructions that replace the vector on the stack. */
type Conversion = (context: VectorContext) => void;

const instructions =
  (...names: readonly InstructionName[]): Conversion =>
  ({ assembler }) =>
    names.forEach((name) => assembler.op(name));
const inOrder =
  (...conversions: readonly Conversion[]): Conversion =>
  (context) =>
    conversions.forEach((convert) => convert(context));
/** Packs the lowest bytes of the four lanes at the vector's start. */
const packBytes =
  (bytes: readonly number[]): Conversion =>
  ({ assembler, withVector }) =>
    withVector((vector) => {
      assembler.op("local.tee", vector);
      assembler.get(vector);
      assembler.op("i8x16.shuffle", ...bytes);
    });
const packHalves = packBytes([0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13]);
const packQuarters = packBytes([0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12]);
/** Narrows by instructions that saturate, both halves of whose result are the vector's. */
const saturateBy =
  (...names: readonly InstructionName[]): Conversion =>
  ({ assembler, withVector }) =>
    names.forEach((name) =>
      withVector((vector) => {
        assembler.op("local.tee", vector);
        assembler.get(vector);
        assembler.op(name);
      }),
    );
const nothing: Conversion = () => {};

/** How an element is moved between memory and lanes of 32 bits. */
interface ElementForm {
  /** An element of fewer than 32 bits as an i32. */
  readonly scalarLoad?: InstructionName;
  /** From the packed elements of a load to lanes. */
  readonly unpack: Conversion;
  /** From the element's bits in a lane to its value. */
  readonly widen: Conversion;
  /** From lanes to packed elements at the vector's start. */
  readonly narrow: Conversion;
  readonly saturate?: Conversion;
}

const widenHalves = instructions("i32x4.extend_low_i16x8_u");
const word: ElementForm = { unpack: nothing, widen: nothing, narrow: nothing };
const forms: Readonly<Record<Exclude<MemoryElement, "i64">, ElementForm>> = {
  f32: word,
  i32: word,
  f16: {
    scalarLoad: "i32.load16_u",
    unpack: widenHalves,
    widen: emitWidenFloat16,
    narrow: inOrder(emitNarrowFloat16, packHalves),
  },
  bf16: {
    scalarLoad: "i32.load16_u",
    unpack: widenHalves,
    widen: emitWidenBfloat16,
    narrow: inOrder(emitNarrowBfloat16, packHalves),
  },
  u16: {
    scalarLoad: "i32.load16_u",
    unpack: widenHalves,
    widen: nothing,
    narrow: packHalves,
    saturate: saturateBy("i16x8.narrow_i32x4_u"),
  },
  i16: {
    scalarLoad: "i32.load16_s",
    unpack: instructions("i32x4.extend_low_i16x8_s"),
    widen: nothing,
    narrow: packHalves,
    saturate: saturateBy("i16x8.narrow_i32x4_s"),
  },
  u8: {
    scalarLoad: "i32.load8_u",
    unpack: instructions("i16x8.extend_low_i8x16_u", "i32x4.extend_low_i16x8_u"),
    widen: nothing,
    narrow: packQuarters,
    saturate: saturateBy("i16x8.narrow_i32x4_s", "i8x16.narrow_i16x8_u"),
  },
  i8: {
    scalarLoad: "i32.load8_s",
    unpack: instructions("i16x8.extend_low_i8x16_s", "i32x4.extend_low_i16x8_s"),
    widen: nothing,
    narrow: packQuarters,
    saturate: saturateBy("i16x8.narrow_i32x4_s", "i8x16.narrow_i16x8_s"),
  },
};

function formOf(element: MemoryElement): ElementForm {
  invariant(element !== "i64", "elements of 64 bits are moved as twice as many i32");
  return forms[element];
}

/** Alignment as a power of two: a hint, and true only as far as the unit of the buffer's indices allows. */
export const alignmentOf = (element: MemoryElement, unit: MemoryElement): number =>
  Math.log2(Math.min(memoryElementBytes[element], memoryElementBytes[unit]));

/** What is moved, and the element in which the buffer's indices count. */
export interface AccessForm {
  readonly element: MemoryElement;
  readonly unit: MemoryElement;
}

/** Pushes `count` elements, widened; the lanes behind them are 0. Reads no byte outside of them. */
export function emitLoad(context: VectorContext, { element, unit }: AccessForm, { push, offset }: Address, count: number): void {
  const { assembler: a } = context;
  const form = formOf(element);
  const size = memoryElementBytes[element];
  const align = alignmentOf(element, unit);
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
  form.unpack(context);
  form.widen(context);
}

/** Pushes one element in every lane. */
export function emitBroadcast(context: VectorContext, { element, unit }: AccessForm, { push, offset }: Address): void {
  const { assembler: a } = context;
  const { scalarLoad, widen } = formOf(element);
  push();
  const align = alignmentOf(element, unit);
  if (scalarLoad === undefined) a.op("v128.load32_splat", align, offset);
  else {
    a.op(scalarLoad, align, offset);
    a.op("i32x4.splat");
  }
  widen(context);
}

/** Stores the first `count` lanes of what `value` pushes, narrowed. Writes no byte outside of them. */
export function emitStore(
  context: VectorContext,
  { element, unit }: AccessForm,
  { push, offset }: Address,
  { count, saturate, value }: { readonly count: number; readonly saturate: boolean; readonly value: () => void },
): void {
  const { assembler: a } = context;
  const form = formOf(element);
  const size = memoryElementBytes[element];
  const align = alignmentOf(element, unit);
  push();
  value();
  (saturate ? (form.saturate ?? form.narrow) : form.narrow)(context);
  if (count === 4 && size === 4) a.op("v128.store", align, offset);
  else if (count !== 3) a.op(laneStores[count * size], align, offset, 0);
  else
    context.withVector((vector) => {
      a.op("local.tee", vector);
      a.op(laneStores[2 * size], align, offset, 0);
      push();
      a.get(vector);
      a.op(laneStores[size], align, offset + 2 * size, 2);
    });
}
