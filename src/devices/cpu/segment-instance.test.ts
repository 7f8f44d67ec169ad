import { expect, it } from "vitest";
import type { Engine, Memory, Program } from "../../kernel/engine.ts";
import { InterpreterEngine } from "../../kernel/interpreter-engine.ts";
import { Model } from "../../model/model.ts";
import { opset } from "../../opset.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { MemoryBudget } from "../memory-budget.ts";
import { BodyCache } from "./body-cache.ts";
import { ConstantPool } from "./constant-pool.ts";
import { InferenceProfile } from "./inference-profile.ts";
import { compileSegment, type Segment, type SegmentContext } from "./segment.ts";
import { SegmentInstance } from "./segment-instance.ts";

/** Counts what it has given and not got back; its programs fail from the `failing`-th on. */
class CountingEngine implements Engine {
  readonly #inner = new InterpreterEngine();
  readonly target = this.#inner.target;
  readonly threads = 1;
  readonly hasStableMemory = false;
  readonly capacity = this.#inner.capacity;
  readonly #failing: number;
  memories = 0;
  programs = 0;
  #made = 0;

  constructor(failing: number) {
    this.#failing = failing;
  }
  allocate(byteLength: number): Memory {
    const memory = this.#inner.allocate(byteLength);
    this.memories++;
    return { byteLength, bytes: () => memory.bytes(), dispose: () => void this.memories-- };
  }
  program(...parameters: Parameters<Engine["program"]>): Program {
    if (++this.#made >= this.#failing) throw new Error("no more memory");
    const program = this.#inner.program(...parameters);
    this.programs++;
    return {
      run: () => program.run(),
      runAsync: () => program.runAsync(),
      runProfiled: () => program.runProfiled(),
      dispose: () => void this.programs--,
    };
  }
  disassemble(): string {
    return "";
  }
  dispose(): void {}
}

const contextOf = (engine: Engine): SegmentContext => ({
  engine,
  constants: new ConstantPool(engine),
  budget: new MemoryBudget(),
  bodies: new BodyCache((body) => compileSegment(body, contextOf(engine))),
});

/** Two kernels with a step on the host between them: CumSum has no kernel. */
function compiled(): Segment {
  const engine = new InterpreterEngine();
  const x = opset.parameter("f32", [2, 5], "x");
  const y = opset.relu(opset.cumSum(opset.negative(x), new Tensor("i32", [], [1])));
  const model = new Model({ name: "steps", parameters: [x], results: [opset.result(y, "y")] });
  return compileSegment(model, contextOf(engine));
}

it("runs kernels and steps on the host in order, and lends memory for as long as it is wanted", () => {
  const engine = new CountingEngine(Number.POSITIVE_INFINITY);
  const segment = compiled();
  const instance = new SegmentInstance(segment, contextOf(engine));
  expect([engine.memories, engine.programs]).toEqual([1, 2]);
  const input = new Tensor("f32", [2, 5], [-1, -2, 3, 4, -5, 1, 1, 1, 1, 1]);
  const results: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    const profile = new InferenceProfile();
    const run = instance.run([input], { profile, state: undefined });
    let state = run.next();
    for (; !state.done; state = run.next()) state.value.program.run();
    results.push([...state.value[0].data].map((v) => Number(v) + 0));
    expect(profile.entries.map((entry) => entry.implementation)).toEqual(["host CumSum"]);
  }
  expect(results).toEqual(results.map(() => [1, 3, 0, 0, 1, 0, 0, 0, 0, 0]));
  const kept = instance.lend(segment.program.lowered.inputs[0]);
  instance.dispose();
  expect([engine.memories, engine.programs]).toEqual([1, 0]);
  expect(Number(kept[2])).toBe(3);
});

it.each([1, 2])("gives everything back where program %d cannot be made", (failing) => {
  const engine = new CountingEngine(failing);
  const segment = compiled();
  expect(() => new SegmentInstance(segment, contextOf(engine))).toThrow("no more memory");
  expect([engine.memories, engine.programs]).toEqual([0, 0]);
});
