import { afterAll, describe, expect, it } from "vitest";
import { runKernel } from "../../../test/support/run-kernel.ts";
import { bfloat16ToNumber, numberToBfloat16 } from "../../common/bfloat16.ts";
import { float16ToNumber, numberToFloat16 } from "../../common/float16.ts";
import { KernelBuilder } from "../../kernel/builder.ts";
import { computeOperations } from "../../kernel/compute-operations.ts";
import type { Engine } from "../../kernel/engine.ts";
import { InterpreterEngine } from "../../kernel/interpreter-engine.ts";
import {
  type ComputeOp,
  integerRanges,
  type MemoryElement,
  memoryElementBytes,
  type Register,
  registerElements,
} from "../../kernel/kernel.ts";
import type { MemoryArray } from "../../kernel/memory-array.ts";
import { targets } from "../../kernel/targets.fixture.ts";
import { verifyKernel } from "../../kernel/verify-kernel.ts";
import { availableWasmTargets, createWasmEngine } from "./wasm-engine.ts";

const engines: Engine[] = [
  ...availableWasmTargets().flatMap((name) => [createWasmEngine(name, { threads: 1 }), new InterpreterEngine(targets[name])]),
  new InterpreterEngine(),
];
const nameOf = (engine: Engine): string => `${engine instanceof InterpreterEngine ? "interpreted " : ""}${engine.target.name}`;
afterAll(() => engines.forEach((e) => e.dispose()));

const floats = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.2, 1e-40, -1e30, 3e38, Infinity, -Infinity, NaN, 16777217, 0.1, 100.25];
const wholes = [0, 1, -1, 2, -2, 7, 255, 256, -128, 65536, -65537, 123456789, -987654321, 2147483647, -2147483648, 1 << 30];

/** All pairs of a list, as two lists. */
const pairs = (values: readonly number[]): [number[], number[]] => [
  values.flatMap((x) => values.map(() => x)),
  values.flatMap(() => values),
];

const evenRound = (x: number): number => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
const asI32 = (x: number): number => new Int32Array(Float32Array.of(x).buffer)[0];
const asF32 = (x: number): number => new Float32Array(Int32Array.of(x).buffer)[0];
const flag = (b: boolean): number => (b ? -1 : 0);

type Lanewise = (x: number, y: number) => number;
/** What lane-wise operations give, written a second time, plainly. */
const f32Expectations: Readonly<Partial<Record<ComputeOp, Lanewise>>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  min: (x, y) => (x < y ? x : y),
  max: (x, y) => (x > y ? x : y),
  neg: (x) => -x,
  abs: Math.abs,
  sqrt: Math.sqrt,
  floor: Math.floor,
  ceil: Math.ceil,
  round: evenRound,
  trunc: Math.trunc,
  and: (x, y) => asF32(asI32(x) & asI32(y)),
  or: (x, y) => asF32(asI32(x) | asI32(y)),
  xor: (x, y) => asF32(asI32(x) ^ asI32(y)),
  not: (x) => asF32(~asI32(x)),
  eq: (x, y) => flag(x === y),
  ne: (x, y) => flag(x !== y),
  lt: (x, y) => flag(x < y),
  le: (x, y) => flag(x <= y),
  gt: (x, y) => flag(x > y),
  ge: (x, y) => flag(x >= y),
  asI32,
};
const i32Expectations: Readonly<Partial<Record<ComputeOp, Lanewise>>> = {
  add: (x, y) => (x + y) | 0,
  sub: (x, y) => (x - y) | 0,
  mul: Math.imul,
  min: Math.min,
  max: Math.max,
  neg: (x) => -x | 0,
  abs: (x) => Math.abs(x) | 0,
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  not: (x) => ~x,
  eq: (x, y) => flag(x === y),
  ne: (x, y) => flag(x !== y),
  lt: (x, y) => flag(x < y),
  le: (x, y) => flag(x <= y),
  gt: (x, y) => flag(x > y),
  ge: (x, y) => flag(x >= y),
  toF32: (x) => x,
};

/** A kernel that applies `compute` to vectors of the inputs, one after the other. */
function apply(
  engine: Engine,
  inputs: readonly MemoryArray[],
  compute: (k: KernelBuilder, ...registers: Register[]) => Register,
  lanes = engine.target.lanes,
): number[] {
  const element = (array: MemoryArray): MemoryElement => (array instanceof Float32Array ? "f32" : "i32");
  const k = new KernelBuilder("apply", engine.target);
  const buffers = inputs.map((array, i) => k.buffer(`x${i}`, element(array), array.length, "read"));
  const { length } = inputs[0];
  const output = k.buffer("y", "f32", length, "write");
  const words = k.buffer("z", "i32", length, "write");
  let isFloat = true;
  k.for(length / lanes, (i) => {
    const result = compute(k, ...buffers.map((b) => k.load(b, i.mul(lanes), { lanes })));
    isFloat = result.element === "f32";
    if (isFloat) k.store(output, i.mul(lanes), result);
    else k.store(words, i.mul(lanes), result.element === "mask" ? k.compute("asI32", [result]) : result);
  });
  const kernel = k.build({ key: `apply ${unique++}` });
  verifyKernel(kernel, engine.target);
  const results = runKernel(engine, kernel, [...inputs, new Float32Array(length), new Int32Array(length)]);
  return [...results[inputs.length + (isFloat ? 0 : 1)]];
}
let unique = 0;

describe.each(engines.map((engine) => [nameOf(engine), engine] as const))("%s", (_, engine) => {
  const cases = (
    [expectations, values]: readonly [Partial<Record<ComputeOp, Lanewise>>, readonly number[]],
    array: typeof Float32Array | typeof Int32Array,
  ) =>
    it.each(Object.entries(expectations) as [ComputeOp, Lanewise][])(`${array === Float32Array ? "f32" : "i32"} %s`, (op, expectation) => {
      const [a, b] = pairs(values).map((v) => array.from(v));
      const operands = computeOperations[op].operands;
      const got = apply(engine, [a, b], (k, x, y) => k.compute(op, operands === 2 ? [x, y] : [x]));
      const rule = computeOperations[op];
      const rounded = (rule.result ?? (array === Float32Array ? "f32" : "i32")) === "f32" ? Math.fround : (x: number) => x;
      expect(got).toEqual([...a].map((x, i) => rounded(expectation(x, b[i]))));
    });
  cases([f32Expectations, floats], Float32Array);
  cases([i32Expectations, wholes], Int32Array);

  it("fma", () => {
    const [a, b] = pairs([0.1, -3.7, 1e10, 7]).map((v) => Float32Array.from(v));
    const c = Float32Array.from(a, (_, i) => (i - 8) * 1.7);
    const got = apply(engine, [a, b, c], (k, ...r) => k.compute("fma", r));
    const { fusedMultiplyAdd } = engine.target;
    const expected = [...a].map((x, i) => Math.fround((fusedMultiplyAdd ? x * b[i] : Math.fround(x * b[i])) + c[i]));
    expect(got).toEqual(expected);
  });

  it("select", () => {
    const [a, b] = pairs(floats).map((v) => Float32Array.from(v));
    expect(apply(engine, [a, b], (k, x, y) => k.select(k.compute("lt", [x, y]), x, k.compute("neg", [y])))).toEqual(
      [...a].map((x, i) => (x < b[i] ? x : -b[i])),
    );
  });

  it("masks combine", () => {
    const [a, b] = pairs(floats).map((v) => Float32Array.from(v));
    const got = apply(engine, [a, b], (k, x, y) => {
      const [less, equal] = [k.compute("lt", [x, y]), k.compute("eq", [x, y])];
      return k.compute("asI32", [k.compute("not", [k.compute("or", [less, equal])])]);
    });
    expect(got).toEqual([...a].map((x, i) => flag(!(x <= b[i]))));
  });

  it.each([0, 1, 7, 31])("shifts by %d", (n) => {
    const x = Int32Array.from(wholes);
    const shift = (op: ComputeOp) => apply(engine, [x], (k, r) => k.compute(op, [r], n));
    expect(shift("shiftLeft")).toEqual(wholes.map((v) => v << n));
    expect(shift("shiftRight")).toEqual(wholes.map((v) => v >> n));
    expect(shift("shiftRightLogical")).toEqual(wholes.map((v) => (v >>> n) | 0));
  });

  it("toI32 truncates", () => {
    const x = Float32Array.of(0, -0, 0.9, -0.9, 1.5, -2.5, 1e6, -8388609);
    expect(apply(engine, [x], (k, r) => k.compute("toI32", [r]))).toEqual([0, 0, 0, 0, 1, -2, 1e6, -8388609]);
  });

  it("asF32 keeps bits", () => {
    const x = Int32Array.from(wholes);
    expect(apply(engine, [x], (k, r) => k.compute("asF32", [r]))).toEqual(wholes.map(asF32));
  });

  it.each([1, 2, 4])("reductions and broadcastLane over %d lanes", (lanes) => {
    const x = Float32Array.from({ length: 16 }, (_, i) => ((i * 7) % 16) - 4.5);
    const groups = Array.from({ length: 16 / lanes }, (_, g) => [...x.subarray(g * lanes, (g + 1) * lanes)]);
    const over = (f: (group: number[]) => number) => groups.flatMap((g) => g.map(() => f(g)));
    const reduce = (op: ComputeOp) => apply(engine, [x], (k, r) => k.compute(op, [r]), lanes);
    expect(reduce("sumLanes")).toEqual(over((g) => g.reduce((s, v) => s + v)));
    expect(reduce("maxLanes")).toEqual(over((g) => Math.max(...g)));
    expect(reduce("minLanes")).toEqual(over((g) => Math.min(...g)));
    for (let lane = 0; lane < lanes; lane++)
      expect(apply(engine, [x], (k, r) => k.compute("broadcastLane", [r], lane), lanes)).toEqual(over((g) => g[lane]));
    const whole = Int32Array.from(x);
    const integers = groups.map((g) => g.map((v) => Math.trunc(v) + 0));
    expect(apply(engine, [whole], (k, r) => k.compute("sumLanes", [r]), lanes)).toEqual(
      integers.flatMap((g) => g.map(() => g.reduce((s, v) => s + v))),
    );
  });

  it.each(["maxLanes", "minLanes"] as const)("%s gives every lane the same, NaN and zeros among them", (op) => {
    const x = Float32Array.of(1, NaN, 2, 3, NaN, 1, 2, 3, -0, 0, 0, -0, 1, 2, NaN, NaN);
    for (const lanes of [2, 4]) {
      const got = apply(engine, [x], (k, r) => k.compute(op, [r]), lanes);
      for (let i = 0; i < got.length; i++) expect(got[i]).toBe(got[i - (i % lanes)]);
      const choose = (a: number, b: number): number => ((op === "maxLanes" ? a > b : a < b) ? a : b);
      const [a, b, c, d] = x;
      expect(got[0]).toBe(lanes === 2 ? choose(a, b) : choose(choose(a, c), choose(b, d)));
    }
  });

  it.each([
    ["unpackLow32", [0, 4, 1, 5]],
    ["unpackHigh32", [2, 6, 3, 7]],
    ["unpackLow64", [0, 1, 4, 5]],
    ["unpackHigh64", [2, 3, 6, 7]],
  ] as const)("%s", (op, order) => {
    const { lanes } = engine.target;
    const a = Float32Array.from({ length: lanes }, (_, i) => i);
    const b = Float32Array.from({ length: lanes }, (_, i) => 100 + i);
    const groups = Array.from({ length: lanes / 4 }, (_, g) => g * 4);
    const expected = groups.flatMap((g) => order.map((i) => (i < 4 ? a[g + i] : b[g + i - 4])));
    expect(apply(engine, [a, b], (k, x, y) => k.compute(op, [x, y]))).toEqual(expected);
  });

  it("constants and assignments", () => {
    const x = Float32Array.from({ length: 16 }, (_, i) => i);
    const got = apply(engine, [x], (k, r) => {
      const sum = k.variable(r);
      k.for(3, { unroll: 1 }, () => k.update(sum, "add", sum, k.constant(-0.25)));
      const kept = k.variable(sum);
      k.assign(sum, k.constant(1e9));
      return kept;
    });
    expect(got).toEqual([...x].map((v) => v - 0.75));
  });

  it.each(["u8", "i8", "u16", "i16"] as const)("stores to %s saturate", (element) => {
    const array = { u8: Uint8Array, i8: Int8Array, u16: Uint16Array, i16: Int16Array }[element];
    const [least, most] = integerRanges[element] as readonly [number, number];
    const values = [...wholes, 127, 128, -129, 32767, 32768, -32769, 65535, 65536, 70000, -70000, 3, -3];
    for (const count of [1, 2, 3, 4]) {
      const k = new KernelBuilder("saturate", engine.target);
      const x = k.buffer("x", "i32", values.length, "read");
      const y = k.buffer("y", element, values.length, "write");
      for (let i = 0; i < values.length; i += 4) k.store(y, i, k.load(x, i, { lanes: 4 }), { count, saturate: true });
      const kernel = k.build({ key: `saturate ${element} ${count}` });
      verifyKernel(kernel, engine.target);
      const [, got] = runKernel(engine, kernel, [Int32Array.from(values), new array(values.length)]);
      expect([...got]).toEqual(values.map((v, i) => (i % 4 < count ? Math.max(least, Math.min(most, v)) : 0)));
    }
  });

  it("moves bytes and 64 bits as words, at any unit of the buffer", () => {
    const k = new KernelBuilder("words", engine.target);
    const bytes = k.buffer("bytes", "u8", 23, "read");
    const words = k.buffer("words", "i32", 8, "write");
    const wide = k.buffer("wide", "i64", 2, "read");
    const copy = k.buffer("copy", "i64", 2, "write");
    k.store(words, 0, k.load(bytes, 1, { as: "i32", lanes: 4 }));
    k.store(words, 4, k.broadcast(bytes, 19, 4, { as: "i32" }));
    k.store(copy, 0, k.load(wide, 0, { as: "i32", lanes: 4 }), { as: "i32" });
    const kernel = k.build({ key: "words" });
    verifyKernel(kernel, engine.target);
    const given = Uint8Array.from({ length: 23 }, (_, i) => 200 + i * 7);
    const longs = new Int32Array(BigInt64Array.of(-5n, 2n ** 62n).buffer);
    const [, got, , copied] = runKernel(engine, kernel, [given, new Int32Array(8), longs, new Int32Array(4)]);
    const view = new DataView(given.buffer);
    expect([...got]).toEqual([1, 5, 9, 13, 19, 19, 19, 19].map((at) => view.getInt32(at, true)));
    expect(copied).toEqual(longs);
  });

  it("reads indices of 64 bits, clamped in 64 bits", () => {
    const values = [
      0n,
      5n,
      100n,
      -1n,
      2n ** 31n,
      2n ** 32n,
      2n ** 32n + 7n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      -(2n ** 31n),
      -(2n ** 32n) + 9n,
      42n,
    ];
    const k = new KernelBuilder("index", engine.target);
    const x = k.buffer("x", "i64", values.length, "read");
    const table = k.buffer("table", "i32", 101, "read");
    const y = k.buffer("y", "i32", values.length, "write");
    k.for(values.length, (i) => k.store(y, i, k.load(table, k.loadIndex(x, i, 3, 100), { lanes: 1 })));
    const kernel = k.build({ key: "index i64" });
    verifyKernel(kernel, engine.target);
    const got = runKernel(engine, kernel, [
      new Int32Array(BigInt64Array.from(values).buffer),
      Int32Array.from({ length: 101 }, (_, i) => i),
      new Int32Array(values.length),
    ]);
    expect([...got[2]]).toEqual(values.map((v) => Number(v < 3n ? 3n : v > 100n ? 100n : v)));
  });

  it.each(["f32", "i32"] as const)("gathers %s by lanes, clamped", (element) => {
    const offsets = [0, 5, 9, 10, -1, 2147483647, -2147483648, 3];
    for (const lanes of [1, 2, 4]) {
      const k = new KernelBuilder("gather", engine.target);
      const x = k.buffer("x", element, 24, "read");
      const at = k.buffer("at", "i32", 8, "read");
      const y = k.buffer("y", element, 16, "write");
      k.for(2, (i) => {
        for (let o = 0; o < 8; o += lanes) k.store(y, i.mul(8).add(o), k.gather(x, i.mul(12).add(2), k.load(at, o, { lanes }), 9));
      });
      const kernel = k.build({ key: `gather ${element} ${lanes}` });
      verifyKernel(kernel, engine.target);
      const array = (values: number[]): MemoryArray => (element === "f32" ? Float32Array.from(values) : Int32Array.from(values));
      const numbers = Array.from({ length: 24 }, (_, i) => i);
      const got = runKernel(engine, kernel, [array(numbers), Int32Array.from(offsets), array(Array(16).fill(0))]);
      expect([...got[2]]).toEqual([2, 14].flatMap((base) => offsets.map((o) => base + Math.max(0, Math.min(9, o)))));
    }
  });

  it("gathers words by offsets of the buffer's elements", () => {
    for (const [element, array] of [
      ["u8", new Uint8Array(23)],
      ["i16", new Int16Array(13)],
      ["i64", new Int32Array(14)],
    ] as const) {
      const bytes = new Uint8Array(array.buffer).map((_, i) => i * 11);
      array.set(new (array.constructor as typeof Uint8Array)(bytes.buffer));
      const unit = memoryElementBytes[element];
      const k = new KernelBuilder("gather", engine.target);
      const x = k.buffer("x", element, bytes.length / unit, "read");
      const at = k.buffer("at", "i32", 4, "read");
      const y = k.buffer("y", "i32", 4, "write");
      k.store(y, 0, k.gather(x, 1, k.load(at, 0, { lanes: 4 }), 3));
      const kernel = k.build({ key: `gather ${element}` });
      verifyKernel(kernel, engine.target);
      const got = runKernel(engine, kernel, [array, Int32Array.of(3, 0, 1, 9), new Int32Array(4)]);
      const view = new DataView(bytes.buffer);
      expect([...got[2]]).toEqual([4, 1, 2, 4].map((i) => view.getInt32(i * unit, true)));
    }
  });

  it("has scratch memory for each thread", () => {
    const k = new KernelBuilder("scratch", engine.target);
    const x = k.buffer("x", "f32", 64, "read");
    k.buffer("unused", "u8", 5, "scratch");
    const s = k.buffer("s", "f32", 4, "scratch");
    const y = k.buffer("y", "f32", 64, "write");
    const at = k.task.mul(4);
    k.store(s, 0, k.load(x, at, { lanes: 4 }));
    k.store(y, at, k.add(k.load(s, 0, { lanes: 4 }), k.broadcast(s, 3, 4)));
    const kernel = k.build({ key: "scratch", tasks: 16 });
    verifyKernel(kernel, engine.target);
    const given = Float32Array.from({ length: 64 }, (_, i) => i);
    const [, got] = runKernel(engine, kernel, [given, new Float32Array(64)]);
    expect([...got]).toEqual([...given].map((v) => v + (Math.floor(v / 4) * 4 + 3)));
  });

  describe("dot products", () => {
    let state = 7;
    const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const bytes = (length: number, f: (i: number) => number): Int32Array =>
      new Int32Array(Uint8Array.from({ length }, (_, i) => f(i)).buffer);
    const dot = (op: ComputeOp, a: Int32Array, b: Int32Array, c: Int32Array): number[] =>
      apply(engine, [a, b, c], (k, ...r) => k.compute(op, r));
    const expectedDot = (a: Int32Array, b: Int32Array, c: Int32Array): number[] => {
      const [unsigned, signed] = [new Uint8Array(a.buffer), new Int8Array(b.buffer)];
      return [...c].map((sum, l) => [0, 1, 2, 3].reduce((n, j) => n + unsigned[4 * l + j] * signed[4 * l + j], sum) | 0);
    };
    const sums = Int32Array.from({ length: 64 }, (_, i) => [0, 2147483647, -2147483648, 12345][i % 4]);

    it("dotU8I8 is exact, extremes included", () => {
      const extremes = [0, 1, 127, 128, 255];
      const a = bytes(256, (i) => (i < 64 ? 255 : i < 128 ? extremes[i % 5] : Math.floor(random() * 256)));
      const b = bytes(256, (i) => (i < 32 ? 128 : i < 64 ? 127 : i < 128 ? extremes[Math.floor(i / 5) % 5] : Math.floor(random() * 256)));
      expect(dot("dotU8I8", a, b, sums)).toEqual(expectedDot(a, b, sums));
    });

    it("dotU8I8Narrow is exact where sums of two products fit 16 bits", () => {
      const a = bytes(256, (i) => (i < 64 ? 255 : Math.floor(random() * 256)));
      const b = bytes(256, (i) => (i < 32 ? 64 : i < 64 ? -64 : Math.floor(random() * 129) - 64));
      expect(dot("dotU8I8Narrow", a, b, sums)).toEqual(expectedDot(a, b, sums));
      const c = bytes(256, (i) => (i % 2 === 0 ? 127 : 0));
      expect(dot("dotU8I8Narrow", a, c, sums)).toEqual(expectedDot(a, c, sums));
    });

    it("dotBf16 adds the upper product, then the lower", () => {
      const halves = Uint16Array.from({ length: 128 }, () => numberToBfloat16(random() * 4 - 2));
      const [a, b] = [new Int32Array(halves.buffer), new Int32Array(halves.toReversed().buffer)];
      const c = Float32Array.from({ length: 64 }, () => random() * 100 - 50);
      const got = apply(engine, [a, b, c], (k, ...r) => k.compute("dotBf16", r));
      const numbers = (words: Int32Array): number[] => [...new Uint16Array(words.buffer)].map(bfloat16ToNumber);
      const [x, y] = [numbers(a), numbers(b)];
      // Products of bf16 are exact, so that it makes no difference whether they are fused.
      const expected = [...c].map((sum, l) => Math.fround(x[2 * l] * y[2 * l] + Math.fround(x[2 * l + 1] * y[2 * l + 1] + sum)));
      expect(got).toEqual(expected);
    });
  });

  it("shuffleBytes moves bytes of each group, or gives 0", () => {
    const x = new Int32Array(Uint8Array.from({ length: 64 }, (_, i) => i + 1).buffer);
    for (const table of [
      [15, 14, 13, 12, -1, -1, 0, 1, 2, 2, 2, 2, 3, 4, 5, 6],
      [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
      Array.from({ length: 16 }, () => -1),
    ]) {
      const got = apply(engine, [x], (k, r) => k.shuffleBytes(r, table));
      const bytes = new Uint8Array(x.buffer);
      const expected = Uint8Array.from({ length: 64 }, (_, i) => (table[i % 16] < 0 ? 0 : bytes[(i & ~15) + table[i % 16]]));
      expect(new Uint8Array(Int32Array.from(got).buffer)).toEqual(expected);
    }
  });

  describe.each(["f32", "i32", "f16", "bf16", "u8", "i8", "u16", "i16"] as const)("memory of %s", (element) => {
    const halves = [0, -0, 1, -1, 65504, -65504, 2 ** -14, 2 ** -24, -(2 ** -20), 1 / 3, Infinity, -Infinity, NaN, 1000.5, 6e-8, 2.5];
    const contents: Record<Exclude<MemoryElement, "i64">, MemoryArray> = {
      f32: Float32Array.from({ length: 16 }, (_, i) => i * 1.25 - 3),
      i32: Int32Array.from(wholes),
      f16: Uint16Array.from(halves, numberToFloat16),
      bf16: Uint16Array.from([...halves.slice(0, 15), 1e38], numberToBfloat16),
      u16: Uint16Array.from({ length: 16 }, (_, i) => i * 4369),
      i16: Int16Array.from({ length: 16 }, (_, i) => i * 4369 - 32768),
      u8: Uint8Array.from({ length: 16 }, (_, i) => i * 17),
      i8: Int8Array.from({ length: 16 }, (_, i) => i * 17 - 128),
    };
    const input = contents[element];
    const fromBits = { f16: float16ToNumber, bf16: bfloat16ToNumber }[element as string];
    const toBits = { f16: numberToFloat16, bf16: numberToBfloat16 }[element as string];
    const seen = fromBits ? [...input].map(fromBits) : [...input];
    const wide = registerElements[element] as "f32" | "i32";
    const arrays = { f32: Float32Array, i32: Int32Array };

    for (const lanes of [1, 2, 4]) {
      it.each(Array.from({ length: lanes }, (_, i) => i + 1))(`loads %d of ${lanes} lanes`, (count) => {
        const k = new KernelBuilder("load", engine.target);
        const x = k.buffer("x", element, 16, "read");
        const y = k.buffer("y", wide, 17 * lanes, "write");
        for (let i = 0; i + count <= 16; i++) k.store(y, i * lanes, k.load(x, i, { lanes, count }));
        const kernel = k.build({ key: `load ${element} ${lanes} ${count}` });
        verifyKernel(kernel, engine.target);
        const [, got] = runKernel(engine, kernel, [input, new arrays[wide](17 * lanes)]);
        for (let i = 0; i + count <= 16; i++)
          expect([...got.subarray(i * lanes, (i + 1) * lanes)]).toEqual(
            Array.from({ length: lanes }, (_, l) => (l < count ? seen[i + l] : 0)),
          );
      });

      it.each(Array.from({ length: lanes }, (_, i) => i + 1))(`stores %d of ${lanes} lanes`, (count) => {
        const values =
          wide === "f32"
            ? Float32Array.from([0, -0, 1.0005, -1e-7, 65519, 65520, 1e30, -Infinity, NaN, 6.1e-5, 2 ** -25, 3e-8, 0.1, -7.7, 2049, 2051])
            : Int32Array.from(wholes);
        const k = new KernelBuilder("store", engine.target);
        const x = k.buffer("x", wide, 16, "read");
        const y = k.buffer("y", element, 16, "write");
        for (let i = 0; i + lanes <= 16; i += lanes) k.store(y, i, k.load(x, i, { lanes }), { count });
        const kernel = k.build({ key: `store ${element} ${lanes} ${count}` });
        verifyKernel(kernel, engine.target);
        const [, got] = runKernel(engine, kernel, [values, input.slice().fill(1)]);
        const expected = input.slice().fill(1);
        for (const [i, v] of values.entries()) if (i % lanes < count) expected[i] = toBits ? toBits(v) : v;
        expect([...got]).toEqual([...expected]);
      });

      it(`broadcasts to ${lanes} lanes`, () => {
        const k = new KernelBuilder("broadcast", engine.target);
        const x = k.buffer("x", element, 16, "read");
        const y = k.buffer("y", wide, 16 * lanes, "write");
        k.for(16, (i) => k.store(y, i.mul(lanes), k.broadcast(x, i, lanes)));
        const kernel = k.build({ key: `broadcast ${element} ${lanes}` });
        verifyKernel(kernel, engine.target);
        const [, got] = runKernel(engine, kernel, [input, new arrays[wide](16 * lanes)]);
        expect([...got]).toEqual(seen.flatMap((v) => Array.from({ length: lanes }, () => v)));
      });
    }

    if (wide === "i32")
      it("is a source of indices", () => {
        const k = new KernelBuilder("index", engine.target);
        const x = k.buffer("x", element, 16, "read");
        const y = k.buffer("y", "i32", 16, "write");
        const table = k.buffer("table", "i32", 101, "read");
        k.for(16, (i) => k.store(y, i, k.load(table, k.loadIndex(x, i, 3, 100), { lanes: 1 })));
        const kernel = k.build({ key: `index ${element}` });
        verifyKernel(kernel, engine.target);
        const got = runKernel(engine, kernel, [input, new Int32Array(16), Int32Array.from({ length: 101 }, (_, i) => i)]);
        expect([...got[1]]).toEqual(seen.map((v) => Math.max(3, Math.min(100, v))));
      });
  });
});
