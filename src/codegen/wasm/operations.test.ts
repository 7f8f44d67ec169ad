import { afterAll, describe, expect, it } from "vitest";
import { runKernel } from "../../../test/support/run-kernel.ts";
import { float16ToNumber, numberToFloat16 } from "../../common/float16.ts";
import { KernelBuilder } from "../../kernel/builder.ts";
import { computeOperations } from "../../kernel/compute-operations.ts";
import type { Engine } from "../../kernel/engine.ts";
import { InterpreterEngine } from "../../kernel/interpreter-engine.ts";
import type { ComputeOp, MemoryElement, Register } from "../../kernel/kernel.ts";
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

  describe.each(["f32", "i32", "f16", "u8", "i8"] as const)("memory of %s", (element) => {
    const halves = [0, -0, 1, -1, 65504, -65504, 2 ** -14, 2 ** -24, -(2 ** -20), 1 / 3, Infinity, -Infinity, NaN, 1000.5, 6e-8, 2.5];
    const contents: Record<"f32" | "i32" | "f16" | "u8" | "i8", MemoryArray> = {
      f32: Float32Array.from({ length: 16 }, (_, i) => i * 1.25 - 3),
      i32: Int32Array.from(wholes),
      f16: Uint16Array.from(halves, numberToFloat16),
      u8: Uint8Array.from({ length: 16 }, (_, i) => i * 17),
      i8: Int8Array.from({ length: 16 }, (_, i) => i * 17 - 128),
    };
    const input = contents[element];
    const seen = element === "f16" ? [...input].map(float16ToNumber) : [...input];
    const wide = element === "f32" || element === "f16" ? ("f32" as const) : ("i32" as const);
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
        for (const [i, v] of values.entries()) if (i % lanes < count) expected[i] = element === "f16" ? numberToFloat16(v) : v;
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

    if (element !== "f32" && element !== "f16")
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
