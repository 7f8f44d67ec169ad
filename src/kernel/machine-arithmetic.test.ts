import { afterAll, describe, expect, it } from "vitest";
import { availableX64Targets, createX64Engine } from "../codegen/x64/x64-engine.ts";
import { availableWasmTargets, createWasmEngine } from "../codegen/wasm/wasm-engine.ts";
import { runKernel } from "../../test/support/run-kernel.ts";
import { Index, KernelBuilder } from "./builder.ts";
import { InterpreterEngine } from "./interpreter-engine.ts";
import type { Kernel } from "./kernel.ts";
import { unprovenReason } from "./kernel-proof.ts";
import type { KernelTarget } from "./target.ts";
import { operandIn } from "./engine.ts";

const length = 16;
/** Stores one number at an index. */
type Put = (at: Index) => void;

/** Kernels whose indices are near what registers, immediates and doubles hold. Those that do not fit are refused, the others run everywhere alike. */
const cases: Readonly<Record<string, { readonly refused?: string; readonly write: (k: KernelBuilder, put: Put) => void }>> = {
  "a dividend beyond 32 bits": {
    refused: "may not fit 32 bits",
    write: (k, put) => put(k.divide(k.task.mul(1000).add(2 ** 34 + 5), 3).add(-Math.floor((2 ** 34 + 5) / 3))),
  },
  "a dividend of 2^31 and more": {
    refused: "may not fit 32 bits",
    write: (k, put) => put(k.divide(k.task.add(3 * 2 ** 30 - 1), 3 * 2 ** 29)),
  },
  "the largest dividend": { write: (k, put) => put(k.divide(k.task.add(2 ** 31 - 1), 3 * 2 ** 28)) },
  "a divisor beyond 32 bits": { refused: "a divisor of", write: (k, put) => put(k.divide(k.task.add(5), 3 * 2 ** 31)) },
  "the largest divisors": {
    write: (k, put) => {
      for (const by of [2 ** 31 - 1, 2 ** 30 + 1, 2 ** 30, 2 ** 30 - 1]) {
        put(k.divide(k.task.add(2 ** 31 - 1), by).add(3));
        put(k.minIndex(k.modulo(k.task.add(2 ** 31 - 1), by), length - 1));
      }
    },
  },
  "a modulus beyond 32 bits": { refused: "may not fit 32 bits", write: (k, put) => put(k.modulo(k.task.add(2 ** 33 + 3), 2 ** 32)) },
  "a loop to 2^32": {
    refused: "may not fit 32 bits",
    write: (k, put) => k.range(0, 2 ** 32, { step: 2 ** 30 }, (i) => put(k.minIndex(k.divide(i, 2 ** 30), length - 1))),
  },
  "a loop whose counter passes 2^31": {
    refused: "may not fit 32 bits",
    write: (k, put) => k.range(0, 2 ** 31 - 1, { step: 2 ** 30 }, (i) => put(k.divide(i, 2 ** 30))),
  },
  "a loop that ends just below 2^31": {
    write: (k, put) => k.range(2 ** 30, 2 ** 31 - 1 - 2 ** 29, { step: 2 ** 29 }, (i) => put(k.divide(i, 2 ** 29))),
  },
  "a loop of negative numbers beyond 32 bits": {
    refused: "may not fit 32 bits",
    write: (k, put) => k.range(-(2 ** 33), -(2 ** 31) - 1, { step: 2 ** 30 }, (i) => put(i.add(2 ** 33))),
  },
  "a loop of more than 2^31 steps": {
    refused: "may not fit 32 bits",
    write: (k, put) => k.range(-(2 ** 31), 2 ** 30, { step: 2 ** 29 }, (i) => put(k.maxIndex(k.minIndex(i, 3), 0))),
  },
  "a loop of negative numbers": {
    write: (k, put) => k.range(-(2 ** 31), -3 * 2 ** 29, { step: 2 ** 28 }, (i) => put(k.maxIndex(k.minIndex(i.add(2 ** 31), 9), 0))),
  },
  "a factor beside a power of two": {
    write: (k, put) => put(k.minIndex(k.task.mul(2 ** 30 - 1), 9)),
  },
  "a factor of 50 bits": {
    write: (k, put) =>
      put(
        k
          .minIndex(k.task, 0)
          .mul(2 ** 49 + 1)
          .add(7),
      ),
  },
  "sums beyond 2^53": {
    refused: "may not fit 32 bits",
    write: (k, put) => {
      const large = k.minIndex(k.task.add(2 ** 53 - 1), 2 ** 53 - 1);
      const ones = Array.from({ length: 3 }, () => k.minIndex(k.task.add(1), 1));
      put(
        ones
          .reduce((sum, one) => sum.add(one), large)
          .add(large.mul(-1))
          .add(-1),
      );
    },
  },
  "addresses whose sum rounds": {
    refused: "may lie outside",
    write: (k, put) =>
      put(
        k.task
          .add(1)
          .mul(2 ** 52)
          .add(1)
          .add(-(2 ** 52)),
      ),
  },
  "numbers that are no numbers": {
    refused: "may not fit 32 bits",
    write: (k, put) => {
      let v = k.minIndex(k.task.add(1), 1);
      for (let i = 0; i < 60; i++) v = k.maxIndex(v.mul(2 ** 20), 0);
      k.ifNonNegative(v.sub(k.maxIndex(v, 0)), () => put(new Index(2 ** 22)));
    },
  },
};

function kernelOf(name: string, target: KernelTarget): Kernel {
  const k = new KernelBuilder(name, target);
  const y = k.buffer("y", "f32", length, "readWrite");
  const one = k.constant(1, { lanes: 1 });
  cases[name].write(k, (at) => k.store(y, at, k.add(k.load(y, at, { lanes: 1 }), one), { count: 1 }));
  return k.build({ key: name });
}

const engines = [
  ...availableX64Targets().map((name) => createX64Engine(name, { threads: 1 })),
  ...availableWasmTargets().map((name) => createWasmEngine(name, { threads: 1 })),
];
afterAll(() => engines.forEach((engine) => engine.dispose()));

describe.each(engines.map((engine) => ({ target: engine.target.name, engine })))("$target", ({ engine }) => {
  it.each(Object.keys(cases))("%s", (name) => {
    const { refused } = cases[name];
    const kernel = kernelOf(name, engine.target);
    const reason = unprovenReason(kernel, engine.target);
    if (refused !== undefined) {
      expect(reason?.message).toContain(refused);
      const memory = engine.allocate(length * 4);
      const step = { kernel, operands: [operandIn(memory)], barrier: false };
      expect(() => engine.program([step])).toThrow(refused);
      memory.dispose();
      return;
    }
    expect(reason).toBeUndefined();
    const [expected] = runKernel(new InterpreterEngine(engine.target), kernel, [new Float32Array(length)]);
    const [got] = runKernel(engine, kernel, [new Float32Array(length)]);
    expect(got).toEqual(expected);
    expect(expected.some((v) => v !== 0)).toBe(true);
  });
});

it("refuses numbers that are no safe integers", () => {
  const k = new KernelBuilder("unsafe", new InterpreterEngine().target);
  const y = k.buffer("y", "f32", length, "write");
  for (const at of [new Index(NaN), new Index(0.5), new Index(2 ** 53), k.task.mul(NaN), k.task.mul(1.5)]) {
    const other = new KernelBuilder("unsafe", new InterpreterEngine().target);
    other.store(other.buffer("y", y.element, length, "write"), at, other.constant(1, { lanes: 1 }));
    expect(() => unprovenReason(other.build({ key: "unsafe" }), other.target)).toThrow(/has index/);
  }
});
