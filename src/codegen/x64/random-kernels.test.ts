import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { runKernel } from "../../../test/support/run-kernel.ts";
import { Index, KernelBuilder } from "../../kernel/builder.ts";
import { InterpreterEngine } from "../../kernel/interpreter-engine.ts";
import type { Kernel, KernelBuffer, Register } from "../../kernel/kernel.ts";
import type { MemoryArray } from "../../kernel/memory-array.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import { verifyKernel } from "../../kernel/verify-kernel.ts";
import type { X64Target } from "./instruction-buffer.ts";
import { availableX64Targets, createX64Engine } from "./x64-engine.ts";

const engines = availableX64Targets().map((name) => createX64Engine(name as X64Target, { threads: 1 }));
afterAll(() => engines.forEach((e) => e.dispose()));

const bufferLength = 512;
const tasks = 3;

/** Small choices from a list of random numbers, so that failures shrink. */
class Choices {
  readonly #numbers: readonly number[];
  #at = 0;
  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }
  below(n: number): number {
    const value = this.#at < this.#numbers.length ? this.#numbers[this.#at++] : 0;
    return value % n;
  }
  get left(): number {
    return this.#numbers.length - this.#at;
  }
}

/** An index in scope, with the least and most value that it takes. */
interface Ranged {
  readonly index: Index;
  readonly least: number;
  readonly most: number;
}

/** A nest of loops, branches and index definitions around arithmetic on few buffers, all exact in f32. */
function randomKernel(target: KernelTarget, choices: Choices, key: string): Kernel {
  const k = new KernelBuilder("random", target);
  const inputs = k.each(3, (i) => k.buffer(`x${i}`, "f32", bufferLength, "read"));
  const outputs = k.each(2, (i) => k.buffer(`y${i}`, "f32", bufferLength * tasks, "readWrite"));
  const positions = k.buffer("positions", "i32", 64, "read");
  const lanes = Math.max(1, k.lanes >> choices.below(3));
  const registers: Register[] = [];
  const variables: Register[] = [];

  /** A random affine index whose values lie in [0, room). */
  const indexWithin = (scope: readonly Ranged[], room: number): Index => {
    let index = new Index(0);
    let [least, most] = [0, 0];
    for (let i = 0; i < 3 && scope.length > 0; i++) {
      const term = scope[choices.below(scope.length)];
      const factor = [1, 2, 5, 8, -1][choices.below(5)];
      const [a, b] = [term.least * factor, term.most * factor];
      if (most + Math.max(a, b) - (least + Math.min(a, b)) >= room) continue;
      index = index.add(term.index.mul(factor));
      least += Math.min(a, b);
      most += Math.max(a, b);
    }
    return index.add(-least + choices.below(room - (most - least)));
  };
  const pick = (scope: readonly Register[]): Register =>
    scope.length === 0 ? k.constant(choices.below(5) - 2, { lanes }) : scope[choices.below(scope.length)];

  const block = (scope: readonly Ranged[], known: readonly Register[], changing: readonly Register[], depth: number): void => {
    let indices = scope;
    const values = [...known];
    const mutable = [...changing];
    const statements = 2 + choices.below(6);
    for (let s = 0; s < statements && choices.left > 0; s++) {
      switch (choices.below(depth < 4 ? 12 : 8)) {
        case 0:
        case 1:
          values.push(
            k.load(inputs[choices.below(3)], indexWithin(indices, bufferLength - lanes), { lanes, count: 1 + choices.below(lanes) }),
          );
          break;
        case 2:
          values.push(k.broadcast(inputs[choices.below(3)], indexWithin(indices, bufferLength), lanes));
          break;
        case 3: {
          // Values stay small integers: the interpreter's sums and products are then exact.
          const bounded = k.max(
            k.constant(-100, { lanes }),
            k.min(k.constant(100, { lanes }), k.fma(pick(values), pick([...values, ...mutable]), pick(values))),
          );
          values.push(bounded);
          break;
        }
        case 4:
          values.push(
            k.select(k.compute("lt", [pick(values), pick([...values, ...mutable])]), pick(values), k.compute("neg", [pick(values)])),
          );
          break;
        case 5:
          mutable.push(k.variable(pick(values)));
          break;
        case 6:
          if (mutable.length > 0) {
            const variable = mutable[choices.below(mutable.length)];
            k.update(variable, "fma", pick(values), k.constant(0.5, { lanes }), k.constant(choices.below(9), { lanes }));
          }
          break;
        case 7: {
          const output: KernelBuffer = outputs[choices.below(2)];
          const count = 1 + choices.below(lanes);
          k.store(output, k.task.mul(bufferLength).add(indexWithin(indices, bufferLength - lanes)), pick([...values, ...mutable]), {
            count,
          });
          break;
        }
        case 8: {
          const count = 1 + choices.below(4);
          const begin = choices.below(3) - 1;
          const step = 1 + choices.below(2);
          k.range(begin, begin + count * step, { step }, (i) =>
            block([...indices, { index: i, least: begin, most: begin + (count - 1) * step }], values, mutable, depth + 1),
          );
          break;
        }
        case 9: {
          // Bounds by index variables: rounds that are not known before.
          const limit = 1 + choices.below(5);
          const end = k.minIndex(indices.length > 0 ? indices[choices.below(indices.length)].index : k.task, limit);
          const begin = k.maxIndex(end.add(-3), 0);
          k.range(begin, end, { step: 1 + choices.below(2) }, (i) =>
            block([...indices, { index: i, least: 0, most: limit }], values, mutable, depth + 1),
          );
          break;
        }
        case 10: {
          const condition = (indices.length > 0 ? indices[choices.below(indices.length)].index : k.task).mul(2).add(choices.below(5) - 4);
          k.ifNonNegative(
            condition,
            () => block(indices, values, mutable, depth + 1),
            () => block(indices, values, mutable, depth + 1),
          );
          break;
        }
        case 11: {
          const by = 2 + choices.below(5);
          const sum = k.task.add(indices.filter((i) => i.least >= 0).reduce((all, i) => all.add(i.index), new Index(7)));
          const kind = choices.below(3);
          if (kind === 0) indices = [...indices, { index: k.modulo(sum, by), least: 0, most: by - 1 }];
          else if (kind === 1) indices = [...indices, { index: k.minIndex(k.divide(sum, by), 6), least: 0, most: 6 }];
          else indices = [...indices, { index: k.loadIndex(positions, indexWithin(indices, 64), 0, 9), least: 0, most: 9 }];
        }
      }
    }
    if (values.length > 0) k.store(outputs[0], k.task.mul(bufferLength).add(indexWithin(indices, bufferLength - lanes)), pick(values));
  };
  block([{ index: k.task, least: 0, most: tasks - 1 }], registers, variables, 0);
  return k.build({ key, tasks });
}

describe.each(engines.map((engine) => ({ target: engine.target.name, engine })))("$target random kernels", ({ engine }) => {
  it("do what the interpreter does", () => {
    const arrays: MemoryArray[] = [];
    for (let i = 0; i < 3; i++) arrays.push(Float32Array.from({ length: bufferLength }, (_, j) => ((j * (7 + i * 4) + i) % 41) - 20));
    for (let i = 0; i < 2; i++) arrays.push(new Float32Array(bufferLength * tasks));
    arrays.push(Int32Array.from({ length: 64 }, (_, j) => ((j * 13) % 21) - 5));
    let key = 0;
    fc.assert(
      fc.property(fc.array(fc.nat(255), { minLength: 30, maxLength: 400 }), (numbers) => {
        const kernel = randomKernel(engine.target, new Choices(numbers), `random ${key++}`);
        verifyKernel(kernel, engine.target);
        const expected = runKernel(new InterpreterEngine(engine.target), kernel, arrays);
        const got = runKernel(engine, kernel, arrays);
        expect(got[3]).toEqual(expected[3]);
        expect(got[4]).toEqual(expected[4]);
      }),
      { numRuns: 150, seed: 4 },
    );
  });
});
