import { invariant } from "../../common/errors.ts";
import { type ByOperation, forOperation } from "../../kernel/compute-operations.ts";
import type { Statement } from "../../kernel/kernel.ts";
import type { VectorWidth } from "./assembler.ts";
import { type InstructionBuffer, type Value, widthOf } from "./instruction-buffer.ts";
import type { InstructionName } from "./instructions.ts";
import type { MachineOperand, VirtualRegister } from "./machine.ts";

/** An operation with its operands where they are. */
interface Computation {
  readonly target: VirtualRegister;
  readonly width: VectorWidth;
  readonly lanes: number;
  readonly values: readonly Value[];
  readonly immediate: number;
  readonly table: readonly number[];
}
type Select = (s: InstructionBuffer, computation: Computation) => void;

/** Chooses the instructions of an operation on registers. */
export function selectCompute(
  s: InstructionBuffer,
  { op, operands, immediate = 0, table = [] }: Extract<Statement, { readonly kind: "compute" }>,
  target: VirtualRegister,
  values: readonly Value[],
): void {
  const { lanes } = operands[0];
  forOperation(selections, op, operands)(s, { target, width: widthOf(lanes), lanes, values, immediate, table });
}

/** An operand that cannot be memory; constants are the allocator's business. */
const first = (s: InstructionBuffer, value: Value, width: VectorWidth): MachineOperand =>
  value.kind === "address" ? s.inRegister(value, width) : value;

/** target = name(a, b). */
const emitBinary = (
  s: InstructionBuffer,
  name: InstructionName,
  commutes: boolean,
  { target, width }: Pick<Computation, "target" | "width">,
  a: Value,
  b: Value,
): void => {
  const [x, y] = commutes && a.kind !== "register" ? [b, a] : [a, b];
  s.emit(name, width, [target, first(s, x, width), y]);
};

const binary =
  (name: InstructionName, { commutes = false } = {}): Select =>
  (s, c) =>
    emitBinary(s, name, commutes, c, c.values[0], c.values[1]);
const commutative = (name: InstructionName): Select => binary(name, { commutes: true });
const unary =
  (name: InstructionName): Select =>
  (s, { target, width, values }) =>
    s.emit(name, width, [target, values[0]]);
/** target = name(a, a word in every lane). */
const withWord =
  (name: InstructionName, word: number): Select =>
  (s, c) =>
    emitBinary(s, name, true, c, c.values[0], s.splat(word));
/** Rounding control of ROUNDPS, exceptions suppressed. */
const rounding =
  (control: number): Select =>
  (s, { target, width, values }) =>
    s.emit(s.avx512 ? "vrndscaleps" : "vroundps", width, [target, values[0], control]);
const shift =
  (vex: InstructionName, evex: InstructionName): Select =>
  (s, { target, width, values, immediate }) =>
    s.emit(s.avx512 ? evex : vex, width, [target, s.inRegister(values[0], width), immediate]);

/** By a quiet predicate of CMPPS; only `ne` is true for NaN. */
const compareFloats =
  (predicate: number): Select =>
  (s, { target, width, values: [a, b] }) =>
    s.emit(s.avx512 ? "vcmpps.k" : "vcmpps", width, [target, first(s, a, width), b, predicate]);
/** AVX2 has equal and greater only, so that operands change places and results are turned around. */
const compareIntegers =
  (predicate: number, name: "vpcmpeqd" | "vpcmpgtd", { swaps = false, inverts = false } = {}): Select =>
  (s, { target, width, values: [a, b] }) => {
    if (s.avx512) {
      s.emit("vpcmpd", width, [target, first(s, a, width), b, predicate]);
      return;
    }
    const [x, y] = swaps ? [b, a] : [a, b];
    if (inverts) emitBinary(s, "vxorps", true, { target, width }, s.define(name, width, [first(s, x, width), y]), s.splat(-1));
    else s.emit(name, width, [target, first(s, x, width), y]);
  };

const move: Select = (s, { target, width, values }) => s.emit("move", width, [target, values[0]]);

const selectVectors: Select = (s, { target, width, values: [mask, a, b] }) => {
  invariant(mask.kind === "register", "select without a mask");
  if (s.avx512) s.emit("vblendmps", width, [target, first(s, b, width), a], { mask });
  else s.emit("vblendvps", width, [target, first(s, b, width), a, mask]);
};
const selectMasks: Select = (s, { target, values: [mask, a, b] }) =>
  s.emit("korw", 128, [target, s.define("kandw", 128, [mask, a]), s.define("kandnw", 128, [mask, b])]);

/** Masks are vectors on AVX2, where `vectors` applies, and registers of their own on AVX-512. */
const onMasks =
  (vectors: Select, masks: Select): Select =>
  (s, c) =>
    (s.avx512 ? masks : vectors)(s, c);
const maskOp =
  (name: InstructionName): Select =>
  (s, { target, values }) =>
    s.emit(name, 128, [target, ...values]);
const maskAsVector: Select = (s, { target, width, values }) => s.emit("vpmovm2d", width, [target, values[0]]);
/** Shuffles of masks go through vectors. */
const throughVectors = (shuffle: Select): Select =>
  onMasks(shuffle, (s, c) => {
    const shuffled = s.register(c.width);
    shuffle(s, { ...c, target: shuffled, values: c.values.map((v) => s.define("vpmovm2d", c.width, [v])) });
    s.emit("vpmovd2m", c.width, [c.target, shuffled]);
  });

const broadcastLane: Select = (s, { target, width, lanes, values, immediate }) => {
  const a = s.inRegister(values[0], width);
  const within = (immediate & 3) * 0x55;
  const group = immediate >> 2;
  if (lanes <= 4) s.emit("vpermilps", width, [target, a, within]);
  else if (s.avx512)
    s.emit("vpermilps", width, [target, s.define("vshuff32x4", width, [a, a, width === 512 ? group * 0x55 : group * 3]), within]);
  else s.emit("vpermilps", width, [target, s.define("vperm2f128", width, [a, a, group * 0x11]), within]);
};

/** A butterfly: after each exchange and reduction twice as many lanes agree. */
const acrossLanes =
  (reduce: InstructionName, { commutes = false } = {}): Select =>
  (s, { target, width, lanes, values }) => {
    const a = s.inRegister(values[0], width);
    const exchanges: [InstructionName, number][] = [];
    if (lanes === 16) exchanges.push(["vshuff32x4", 0x4e], ["vshuff32x4", 0xb1]);
    if (lanes === 8) exchanges.push(s.avx512 ? ["vshuff32x4", 1] : ["vperm2f128", 1]);
    if (lanes >= 4) exchanges.push(["vpermilps", 0x4e]);
    if (lanes >= 2) exchanges.push(["vpermilps", 0xb1]);
    let value = a;
    for (const [i, [name, control]] of exchanges.entries()) {
      const other = s.define(name, width, name === "vpermilps" ? [value, control] : [value, value, control]);
      const next = commutes && i === exchanges.length - 1 ? target : s.register(width);
      s.emit(reduce, width, [next, value, other]);
      value = next;
    }
    // Maximum and minimum of NaN or of zeros depend on the operands' order, so that lanes may differ: the first decides.
    if (exchanges.length > 0 && !commutes) s.emit("vbroadcastss", width, [target, value]);
    if (exchanges.length === 0) s.emit("move", width, [target, a]);
  };

/** target = c + name(a, b), by an instruction that adds to its first operand. */
function accumulate(s: InstructionBuffer, name: InstructionName, { target, width }: Computation, [a, b, c]: readonly Value[]): void {
  const sum = a === target || b === target ? s.register(width) : target;
  if (c !== sum) s.emit("move", width, [sum, c]);
  s.emit(name, width, [sum, first(s, a, width), b]);
  if (sum !== target) s.emit("move", width, [target, sum]);
}

/** An operand of an instruction whose memory is whole vectors. */
const whole = (s: InstructionBuffer, value: Value, width: VectorWidth): Value =>
  value.kind === "address" && value.broadcast ? s.inRegister(value, width) : value;

/** Sums of the two words of each lane of u8 x i8 products, which must fit 16 bits by pairs. */
function bytePairs(s: InstructionBuffer, width: VectorWidth, a: MachineOperand, b: MachineOperand): VirtualRegister {
  const ones = s.splat(0x00010001);
  return s.define("vpmaddwd", width, [s.define("vpmaddubsw", width, [a, b]), ones]);
}

const dotNative: Select = (s, c) => accumulate(s, s.avx512 ? "vpdpbusd.e" : "vpdpbusd", c, c.values);

const dotU8I8: Select = (s, c) => {
  if (s.target.dotU8I8 === "native") {
    dotNative(s, c);
    return;
  }
  const { target, width, values } = c;
  const [a, b] = [s.inRegister(values[0], width), s.inRegister(values[1], width)];
  // The lower seven bits and the eighth by themselves: then no pair of products leaves 16 bits.
  const low = bytePairs(s, width, s.define("vandps", width, [a, s.splat(0x7f7f7f7f)]), b);
  const high = bytePairs(s, width, s.define("vandps", width, [a, s.splat(0x80808080)]), b);
  const sum = s.define("vpaddd", width, [low, high]);
  emitBinary(s, "vpaddd", true, { target, width }, values[2], sum);
};

const dotU8I8Narrow: Select = (s, c) => {
  if (s.target.dotU8I8 === "native") {
    dotNative(s, c);
    return;
  }
  const { target, width, values } = c;
  const sum = bytePairs(s, width, first(s, values[0], width), whole(s, values[1], width));
  emitBinary(s, "vpaddd", true, { target, width }, values[2], sum);
};

const dotBf16: Select = (s, c) => {
  const { target, width, values } = c;
  if (s.target.dotBf16 === "native") {
    const [a, b, sum] = values;
    accumulate(s, "vdpbf16ps", c, a.kind === "address" ? [b, a, sum] : [a, b, sum]);
    return;
  }
  const [a, b] = [s.inRegister(values[0], width), s.inRegister(values[1], width)];
  const upper = (x: VirtualRegister): VirtualRegister => s.define("vandps", width, [x, s.splat(0xffff0000)]);
  const lower = (x: VirtualRegister): VirtualRegister => s.define(s.avx512 ? "vpslld.e" : "vpslld", width, [x, 16]);
  const sum = s.register(width);
  s.emit("fma", width, [sum, upper(a), upper(b), values[2]]);
  s.emit("fma", width, [target, lower(a), lower(b), sum]);
};

const shuffleBytes: Select = (s, { target, width, values, table }) => {
  const words = Array.from({ length: width / 32 }, (_, i) =>
    [3, 2, 1, 0].reduce((word, j) => (word << 8) | (table[(i & 3) * 4 + j] & 0xff), 0),
  );
  s.emit("vpshufb", width, [target, first(s, values[0], width), s.constant(words)]);
};

const bitwise = (vectors: InstructionName, masks: InstructionName) => ({
  f32: commutative(vectors),
  i32: commutative(vectors),
  mask: onMasks(commutative(vectors), maskOp(masks)),
});
const not = withWord("vxorps", -1);
const unpack = (name: InstructionName) => ({ f32: binary(name), i32: binary(name), mask: throughVectors(binary(name)) });
const asOther = { f32: move, i32: move, mask: onMasks(move, maskAsVector) };

const selections: ByOperation<Select> = {
  add: { f32: commutative("vaddps"), i32: commutative("vpaddd") },
  sub: { f32: binary("vsubps"), i32: binary("vpsubd") },
  mul: { f32: commutative("vmulps"), i32: commutative("vpmulld") },
  div: { f32: binary("vdivps") },
  min: { f32: binary("vminps"), i32: commutative("vpminsd") },
  max: { f32: binary("vmaxps"), i32: commutative("vpmaxsd") },
  fma: { f32: (s, { target, width, values }) => s.emit("fma", width, [target, ...values]) },
  neg: {
    f32: withWord("vxorps", 0x80000000),
    i32: (s, { target, width, values }) => s.emit("vpsubd", width, [target, s.splat(0), values[0]]),
  },
  abs: { f32: withWord("vandps", 0x7fffffff), i32: unary("vpabsd") },
  sqrt: { f32: unary("vsqrtps") },
  round: { f32: rounding(8) },
  floor: { f32: rounding(9) },
  ceil: { f32: rounding(10) },
  trunc: { f32: rounding(11) },
  and: bitwise("vandps", "kandw"),
  or: bitwise("vorps", "korw"),
  xor: bitwise("vxorps", "kxorw"),
  not: { f32: not, i32: not, mask: onMasks(not, maskOp("knotw")) },
  shiftLeft: { i32: shift("vpslld", "vpslld.e") },
  shiftRight: { i32: shift("vpsrad", "vpsrad.e") },
  shiftRightLogical: { i32: shift("vpsrld", "vpsrld.e") },
  eq: { f32: compareFloats(0), i32: compareIntegers(0, "vpcmpeqd") },
  ne: { f32: compareFloats(4), i32: compareIntegers(4, "vpcmpeqd", { inverts: true }) },
  lt: { f32: compareFloats(0x11), i32: compareIntegers(1, "vpcmpgtd", { swaps: true }) },
  le: { f32: compareFloats(0x12), i32: compareIntegers(2, "vpcmpgtd", { inverts: true }) },
  gt: { f32: compareFloats(0x1e), i32: compareIntegers(6, "vpcmpgtd") },
  ge: { f32: compareFloats(0x1d), i32: compareIntegers(5, "vpcmpgtd", { swaps: true, inverts: true }) },
  select: { f32: selectVectors, i32: selectVectors, mask: onMasks(selectVectors, selectMasks) },
  toF32: { i32: unary("vcvtdq2ps") },
  toI32: { f32: unary("vcvttps2dq") },
  asF32: asOther,
  asI32: asOther,
  sumLanes: { f32: acrossLanes("vaddps", { commutes: true }), i32: acrossLanes("vpaddd", { commutes: true }) },
  maxLanes: { f32: acrossLanes("vmaxps"), i32: acrossLanes("vpmaxsd") },
  minLanes: { f32: acrossLanes("vminps"), i32: acrossLanes("vpminsd") },
  broadcastLane: { f32: broadcastLane, i32: broadcastLane, mask: throughVectors(broadcastLane) },
  unpackLow32: unpack("vunpcklps"),
  unpackHigh32: unpack("vunpckhps"),
  unpackLow64: unpack("vunpcklpd"),
  unpackHigh64: unpack("vunpckhpd"),
  dotU8I8: { i32: dotU8I8 },
  dotU8I8Narrow: { i32: dotU8I8Narrow },
  dotBf16: { i32: dotBf16 },
  shuffleBytes: { i32: shuffleBytes },
};
