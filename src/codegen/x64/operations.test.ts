import { afterAll, describe, expect, it } from "vitest";
import { runKernel } from "../../../test/support/run-kernel.ts";
import { numberToBfloat16 } from "../../common/bfloat16.ts";
import { numberToFloat16 } from "../../common/float16.ts";
import { KernelBuilder } from "../../kernel/builder.ts";
import { computeOperations, resultElement } from "../../kernel/compute-operations.ts";
import type { Engine } from "../../kernel/engine.ts";
import { InterpreterEngine } from "../../kernel/interpreter-engine.ts";
import {
  type ComputeOp,
  type Kernel,
  type MemoryElement,
  memoryElementBytes,
  type Register,
  registerElements,
} from "../../kernel/kernel.ts";
import { type MemoryArray, memoryArray } from "../../kernel/memory-array.ts";
import { cpuFeatures } from "./cpu-features.ts";
import { availableX64Targets, createX64Engine } from "./x64-engine.ts";
import { leastFeatures } from "./x64-targets.ts";

/** Each target as this processor has it, and as the least that has its registers: there are sequences in place of dot products. */
const engines = availableX64Targets().flatMap((name) =>
  [cpuFeatures(), leastFeatures].map((features) => createX64Engine(name, { threads: 1 }, features)),
);
const described = engines.map((engine, i) => ({ target: `${engine.target.name}${i % 2 === 0 ? "" : " at least"}`, engine }));
afterAll(() => engines.forEach((e) => e.dispose()));

const floats = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3.7,
  -3.2,
  1e-40,
  -1e30,
  3e38,
  Infinity,
  -Infinity,
  NaN,
  16777217,
  0.1,
  100.25,
  7,
  -9,
  0.99999994,
  8388609,
];
const wholes = [0, 1, -1, 2, -2, 7, 255, 256, -128, 65536, -65537, 123456789, -987654321, 2147483647, -2147483648, 1 << 30];

/** Bits, NaNs all alike. */
const bits = (array: MemoryArray): number[] =>
  Array.from(array instanceof Float32Array ? new Int32Array(array.buffer, array.byteOffset, array.length) : array, (b, i) =>
    array instanceof Float32Array && Number.isNaN(array[i]) ? 0x7fc00000 : b,
  );

function compare(engine: Engine, kernel: Kernel, arrays: readonly MemoryArray[]): void {
  const expected = runKernel(new InterpreterEngine(engine.target), kernel, arrays);
  const got = runKernel(engine, kernel, arrays);
  for (const [i, buffer] of kernel.buffers.entries()) expect(bits(got[i]), buffer.name).toEqual(bits(expected[i]));
}

/** Where the operands of an operation come from: memory alone, or constants at some positions. */
type Source = "memory" | "shared" | "first constant" | "second constant";
const sources: readonly Source[] = ["memory", "shared", "first constant", "second constant"];

function operationKernel(
  engine: Engine,
  op: ComputeOp,
  element: Register["element"],
  lanes: number,
  source: Source,
  length: number,
): Kernel {
  const rule = computeOperations[op];
  const k = new KernelBuilder(`${op} ${element} ${lanes} ${source}`, engine.target);
  const memory = element === "mask" ? "f32" : element;
  const elementOf = (i: number): "f32" | "i32" => (rule.each?.[i] ?? memory) as "f32" | "i32";
  const inputs = Array.from({ length: rule.operands }, (_, i) => k.buffer(`x${i}`, elementOf(i), length, "read"));
  const condition = k.buffer("condition", "f32", length, "read");
  const result: Register["element"] = rule.result ?? element;
  const output = k.buffer("y", result === "mask" ? "i32" : result, length, "write");
  const second = k.buffer("shared", memory, length, "readWrite");
  const shape = (r: Register): Register => (element === "mask" ? k.compute("gt", [r, k.constant(0, { lanes })]) : r);
  k.for(length / lanes, (i) => {
    const at = i.mul(lanes);
    const operands = inputs.map((b, j) => {
      const isConstant = (j === 0 && source === "first constant") || (j === 1 && source === "second constant");
      const number = op === "dotBf16" ? 0x40004000 : element === "i32" ? 3 : 1.5;
      const value = isConstant ? k.constant(number, { lanes, element: elementOf(j) }) : k.load(b, at, { lanes });
      if (source === "shared" && value.element === memory) k.store(second, at, value);
      return shape(value);
    });
    if (op === "select") operands[0] = k.compute("lt", [k.load(condition, at, { lanes }), k.constant(1, { lanes })]);
    const immediate = rule.immediate === "bits" ? 5 : rule.immediate === "lane" ? lanes - 1 : undefined;
    const value = rule.immediate === "table" ? k.shuffleBytes(operands[0], byteTable) : k.compute(op, operands, immediate);
    const one = k.constant(1, { element: "i32", lanes });
    k.store(output, at, resultElement(op, operands) === "mask" ? k.select(value, one, k.constant(0, { element: "i32", lanes })) : value);
  });
  return k.build({ key: `${op} ${element} ${lanes} ${source}` });
}

const byteTable = [3, 2, 1, 0, -1, 5, -1, 7, 15, 15, 0, 0, 12, 13, 14, -1];

describe.each(described)("$target operations", ({ engine }) => {
  const cases = (Object.keys(computeOperations) as ComputeOp[]).flatMap((op) =>
    computeOperations[op].elements.map((element) => ({ op, element })),
  );
  it.each(cases)("$op on $element", ({ op, element }) => {
    const values = element === "i32" ? wholes : floats;
    const length = 384;
    const pick = (i: number, j: number): number => {
      // A conversion that overflows gives what the machine likes.
      const value = values[(i * (j * 2 + 1) + Math.floor(i / values.length) * (j + 1)) % values.length];
      if (op === "toI32" && !(Math.abs(value) < 2 ** 31)) return 12.75;
      // The interpreter rounds a multiply-add twice; here both are exact.
      // What a narrow dot product promises, and numbers that are normal as bf16.
      if (op === "dotU8I8Narrow" && j === 1) return value & 0x3f3f3f3f;
      if (op === "dotBf16" && j < 2) return 0x3f803f80 | ((i * 0x00130007 * (j + 1)) & 0x007f007f);
      if (op === "dotBf16") return Math.round(value % 512) / 4;
      if (op === "fma" && Number.isFinite(value)) return Math.round(value % 512) / 4;
      return value;
    };
    const rule = computeOperations[op];
    for (let lanes = Math.max(1, rule.leastLanes ?? 1); lanes <= engine.target.lanes; lanes *= 2)
      for (const source of sources) {
        const kernel = operationKernel(engine, op, element, lanes, source, length);
        const arrays = kernel.buffers.map((b, j) => {
          const numbers = Array.from({ length }, (_, i) => pick(i, j));
          return b.element === "i32" ? Int32Array.from(numbers, Math.trunc) : Float32Array.from(numbers);
        });
        compare(engine, kernel, arrays);
      }
  });

  it("keeps fma's sums in place in every form", () => {
    const k = new KernelBuilder("fma forms", engine.target);
    const x = k.buffer("x", "f32", 64, "read");
    const y = k.buffer("y", "f32", 16 * 16, "write");
    const [a, b, c] = k.each(3, (i) => k.load(x, i * 16));
    const forms = [
      k.fma(a, b, c),
      k.fma(a, a, c),
      k.fma(a, b, a),
      k.fma(a, b, b),
      k.fma(a, a, a),
      k.fma(a, k.constant(2), c),
      k.fma(k.constant(2), b, k.constant(3)),
      k.fma(a, b, k.load(x, 48)),
      k.fma(k.load(x, 40), b, c),
    ];
    const sum = k.variable(a);
    k.update(sum, "fma", sum, b, c);
    k.update(sum, "fma", b, sum, sum);
    k.update(sum, "fma", a, b, c);
    for (const [i, value] of [...forms, sum, a, b, c].entries()) k.store(y, i * 16, value);
    const kernel = k.build({ key: "forms" });
    compare(engine, kernel, [Float32Array.from({ length: 64 }, (_, i) => i - 20), new Float32Array(256)]);
  });
});

describe.each(described)("$target memory", ({ engine }) => {
  const elements = ["f32", "i32", "f16", "bf16", "u8", "i8", "u16", "i16"] as const;
  const data = (element: MemoryElement, length: number): MemoryArray => {
    switch (element) {
      case "f32":
        return Float32Array.from({ length }, (_, i) => floats[i % floats.length]);
      case "i32":
        return Int32Array.from({ length }, (_, i) => wholes[i % wholes.length]);
      case "f16":
        return Uint16Array.from({ length }, (_, i) => numberToFloat16(floats[i % floats.length]));
      case "u8":
        return Uint8Array.from({ length }, (_, i) => i * 37);
      case "i8":
        return Int8Array.from({ length }, (_, i) => i * 37);
      case "bf16":
        return Uint16Array.from({ length }, (_, i) => numberToBfloat16(floats[i % floats.length]));
      case "u16":
        return Uint16Array.from({ length }, (_, i) => i * 9437);
      case "i16":
        return Int16Array.from({ length }, (_, i) => i * 9437);
      case "i64":
        return new Int32Array(BigInt64Array.from({ length }, (_, i) => BigInt(wholes[i % wholes.length]) << BigInt((i % 3) * 16)).buffer);
    }
  };
  it.each(elements)("loads and stores %s of every count", (element) => {
    const k = new KernelBuilder(`memory ${element}`, engine.target);
    const wide = registerElements[element] as "f32" | "i32";
    let used = 0;
    const stores: {
      at: number;
      run: (x: ReturnType<KernelBuilder["buffer"]>, w: ReturnType<KernelBuilder["buffer"]>, n: ReturnType<KernelBuilder["buffer"]>) => void;
    }[] = [];
    for (let lanes = 1; lanes <= engine.target.lanes; lanes *= 2)
      for (let count = 1; count <= lanes; count++) {
        const at = used;
        used += lanes + 1;
        stores.push({
          at,
          run: (x, w, n) => {
            const value = k.load(x, (at * 3) % 50, { lanes, count });
            k.store(w, at, value);
            k.store(n, at, value, { count });
          },
        });
      }
    for (let lanes = 1; lanes <= engine.target.lanes; lanes *= 2) {
      const at = used;
      used += lanes;
      stores.push({ at, run: (x, w) => k.store(w, at, k.broadcast(x, at % 60, lanes)) });
    }
    const x = k.buffer("x", element, 66, "read");
    const w = k.buffer("wide", wide, used, "write");
    const n = k.buffer("narrow", element, used, "write");
    for (const { run } of stores) run(x, w, n);
    compare(engine, k.build({ key: element }), [
      data(element, 66),
      wide === "f32" ? new Float32Array(used) : new Int32Array(used),
      data(element, used),
    ]);
  });

  it.each(["i32", "u8", "i8", "u16", "i16", "i64"] as const)("reads and clamps indices of %s", (element) => {
    const k = new KernelBuilder("indices", engine.target);
    const positions = k.buffer("positions", element, 40, "read");
    const x = k.buffer("x", "i32", 64, "read");
    const y = k.buffer("y", "i32", 40, "write");
    k.for(40, (i) => k.store(y, i, k.load(x, k.loadIndex(positions, i, 3, 60), { lanes: 1 })));
    const numbers = Array.from({ length: 40 }, (_, i) => i * 9 - 100);
    const array = element === "i64" ? data("i64", 40) : memoryArray(element, new Uint8Array(40 * 4), 0, 40);
    if (element !== "i64") array.set(numbers);
    compare(engine, k.build({ key: element }), [array, Int32Array.from({ length: 64 }, (_, i) => i), new Int32Array(40)]);
  });

  it.each(["u8", "i8", "u16", "i16"] as const)("narrows to %s, by the low bits and saturated", (element) => {
    const k = new KernelBuilder("narrow", engine.target);
    const x = k.buffer("x", "i32", 80, "read");
    const y = k.buffer("y", element, 4000, "write");
    let at = 0;
    for (let lanes = 1; lanes <= engine.target.lanes; lanes *= 2)
      for (let count = 1; count <= lanes; count++)
        for (const saturate of [false, true]) {
          k.store(y, at, k.load(x, at % 60, { lanes }), { count, saturate });
          at += lanes + 1;
        }
    const values = [0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769, 65535, 65536, ...wholes];
    const given = Int32Array.from({ length: 80 }, (_, i) => values[i % values.length]);
    compare(engine, k.build({ key: element }), [given, memoryArray(element, new Uint8Array(8000), 0, 4000)]);
  });

  it("moves bits of other widths than the buffer's", () => {
    const k = new KernelBuilder("bytes", engine.target);
    const x = k.buffer("x", "u8", 200, "read");
    const y = k.buffer("y", "u8", 200, "write");
    const wide = k.buffer("wide", "i64", 8, "read");
    const copy = k.buffer("copy", "i64", 8, "write");
    k.store(y, 3, k.load(x, 5, { as: "i32" }), { as: "i32" });
    k.store(y, 101, k.load(x, 77, { as: "u16", lanes: 4, count: 3 }), { as: "u8" });
    k.store(y, 111, k.broadcast(x, 9, 4, { as: "i32" }), { as: "i32" });
    for (let i = 0; i < 8; i += 2) k.store(copy, i, k.load(wide, i, { as: "i32", lanes: 4 }), { as: "i32" });
    compare(engine, k.build({ key: "bytes" }), [data("u8", 200), new Uint8Array(200), data("i64", 8), new Int32Array(16)]);
  });

  it.each([
    ["f32", "f32"],
    ["i32", "i32"],
    ["u8", "i32"],
    ["u16", "f32"],
    ["i64", "i32"],
  ] as const)("gathers from %s memory as %s, and clamps what is outside", (element, as) => {
    const k = new KernelBuilder("gather", engine.target);
    const unit = memoryElementBytes[element];
    const length = 256 / unit;
    const x = k.buffer("x", element, length, "read");
    const offsets = k.buffer("offsets", "i32", 64, "read");
    const y = k.buffer("y", as, 400, "write");
    let at = 0;
    const most = length - 2 - Math.ceil(4 / unit);
    for (let lanes = 1; lanes <= engine.target.lanes; lanes *= 2) {
      const positions = k.load(offsets, 3 * lanes, { lanes });
      // The offsets live on, and the target may be a variable.
      const sum = k.variable(k.gather(x, 2, positions, most, { as }));
      k.for(3, (i) => k.update(sum, as === "f32" ? "max" : "add", sum, k.gather(x, i, positions, most - 1, { as })));
      k.store(y, at, sum);
      k.store(y, at + lanes, as === "f32" ? k.compute("toF32", [positions]) : positions);
      at += 2 * lanes;
    }
    const given = memoryArray(
      element,
      Uint8Array.from({ length: 256 }, (_, i) => i * 7),
      0,
      length,
    );
    const spread = Int32Array.from({ length: 64 }, (_, i) => [i * 5, -i, 2147483647, -2147483648, most, most + 1][i % 6]);
    compare(engine, k.build({ key: `${element} ${as}` }), [given, spread, as === "f32" ? new Float32Array(400) : new Int32Array(400)]);
  });

  it("narrows to the low byte", () => {
    const k = new KernelBuilder("narrow", engine.target);
    const x = k.buffer("x", "i32", 64, "read");
    const y = k.buffer("y", "u8", 64, "write");
    const z = k.buffer("z", "i8", 64, "write");
    k.for(64 / k.lanes, (i) => {
      const v = k.load(x, i.mul(k.lanes));
      k.store(y, i.mul(k.lanes), v);
      k.store(z, i.mul(k.lanes), v);
    });
    compare(engine, k.build({ key: "" }), [data("i32", 64), new Uint8Array(64), new Int8Array(64)]);
  });
});

if (engines.length === 0) it.skip("needs koffi and a processor with AVX2");
