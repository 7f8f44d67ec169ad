import { invariant } from "../../common/errors.ts";
import type { Engine, Memory, Operand, Program, Step } from "../../kernel/engine.ts";
import { memoryElementBytes } from "../../kernel/kernel.ts";
import { evaluateOperation } from "../../model/evaluate-operation.ts";
import type { Node } from "../../model/node.ts";
import type { TypedArray } from "../../tensor/element-type.ts";
import { readView, viewArray, writeView } from "./host-tensor.ts";
import type { LoweredModel } from "./lower.ts";
import type { LoweredStep } from "../../lowering/lowered-step.ts";
import { type MemoryPlan, planMemory } from "../../lowering/memory-plan.ts";
import { type View, viewByteOffset, viewSpan } from "../../lowering/view.ts";

/** A lowered model with its memory plan: what all requests of one shape share. */
export interface CpuProgram {
  readonly lowered: LoweredModel;
  readonly plan: MemoryPlan;
  /** For each step, whether earlier ones must have ended. */
  readonly barriers: readonly boolean[];
}

export function planProgram(lowered: LoweredModel): CpuProgram {
  const plan = planMemory(lowered.steps, [...lowered.inputs, ...lowered.outputs]);
  return { lowered, plan, barriers: barriersOf(lowered.steps, plan) };
}

interface Range {
  readonly begin: number;
  readonly end: number;
}

/** A barrier stands where a step touches memory that a step since the last barrier has written, or writes what one has read. */
function barriersOf(steps: readonly LoweredStep[], plan: MemoryPlan): boolean[] {
  let reads: Range[] = [];
  let writes: Range[] = [];
  const rangeOf = (view: View): Range => {
    const begin = (plan.offsets.get(view.block) as number) + viewByteOffset(view);
    return { begin, end: begin + viewSpan(view) * memoryElementBytes[view.element] };
  };
  const overlap = (a: readonly Range[], b: readonly Range[]): boolean => a.some((x) => b.some((y) => x.begin < y.end && y.begin < x.end));
  return steps.map((step) => {
    if (step.kind === "host") {
      reads = [];
      writes = [];
      return true;
    }
    const of = (written: boolean): Range[] =>
      step.operands.filter((v, i) => v.block.kind === "arena" && (step.kernel.buffers[i].access !== "read") === written).map(rangeOf);
    const stepReads = of(false);
    const stepWrites = of(true);
    const barrier = overlap(stepReads, writes) || overlap(stepWrites, writes) || overlap(stepWrites, reads);
    if (barrier) {
      reads = [];
      writes = [];
    }
    reads.push(...stepReads);
    writes.push(...stepWrites);
    return barrier;
  });
}

type Segment =
  | { readonly kind: "program"; readonly program: Program; readonly steps: readonly LoweredStep[] }
  | { readonly kind: "host"; readonly step: LoweredStep & { readonly kind: "host" } };

/** One step's time, for profiles. */
export interface StepTime {
  readonly nodes: readonly Node[];
  readonly kernel: string;
  readonly microseconds: number;
  readonly flops: number;
}

/** A program with memory of its own: what one request runs. */
export class ProgramInstance {
  readonly program: CpuProgram;
  readonly #arena: Memory;
  readonly #segments: Segment[] = [];
  #lent = false;

  constructor(program: CpuProgram, engine: Engine) {
    this.program = program;
    this.#arena = engine.allocate(Math.max(64, program.plan.byteLength));
    try {
      this.#assemble(engine);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** The elements of an input or output where they lie. The array starts at the view's first element. */
  array(view: View): TypedArray {
    const place = this.#place(view);
    return viewArray({ ...view, offset: 0 }, place.memory.bytes(), place.byteOffset);
  }

  /** The same for as long as the caller wants: the memory is freed only when nobody holds the array any more. */
  lend(view: View): TypedArray {
    this.#lent = true;
    return this.array(view);
  }

  run(): void {
    for (const segment of this.#segments)
      if (segment.kind === "program") segment.program.run();
      else this.#runHost(segment.step);
  }

  async runAsync(): Promise<void> {
    for (const segment of this.#segments)
      if (segment.kind === "program") await segment.program.runAsync();
      else this.#runHost(segment.step);
  }

  runProfiled(): StepTime[] {
    return this.#segments.flatMap((segment) => {
      if (segment.kind === "program") {
        const times = segment.program.runProfiled();
        return segment.steps.map((step, i) => ({
          nodes: step.nodes,
          kernel: step.kind === "kernel" ? step.kernel.name : "host",
          microseconds: times[i],
          flops: step.kind === "kernel" ? step.kernel.flops : 0,
        }));
      }
      const begin = performance.now();
      this.#runHost(segment.step);
      return [
        { nodes: segment.step.nodes, kernel: `host ${segment.step.node.type}`, microseconds: (performance.now() - begin) * 1000, flops: 0 },
      ];
    });
  }

  dispose(): void {
    for (const segment of this.#segments) if (segment.kind === "program") segment.program.dispose();
    if (!this.#lent) this.#arena.dispose();
  }

  #place(view: View): Operand {
    if (view.block.kind === "constant") {
      const place = view.block.place as Operand;
      return { memory: place.memory, byteOffset: place.byteOffset + viewByteOffset(view) };
    }
    const offset = this.program.plan.offsets.get(view.block);
    invariant(offset !== undefined, `block ${view.block.name} has no memory`);
    return { memory: this.#arena, byteOffset: offset + viewByteOffset(view) };
  }

  #assemble(engine: Engine): void {
    const segments = this.#segments;
    let pending: { step: Step; lowered: LoweredStep }[] = [];
    const flush = (): void => {
      if (pending.length > 0)
        segments.push({ kind: "program", program: engine.program(pending.map((p) => p.step)), steps: pending.map((p) => p.lowered) });
      pending = [];
    };
    for (const [i, step] of this.program.lowered.steps.entries())
      if (step.kind === "host") {
        flush();
        segments.push({ kind: "host", step });
      } else
        pending.push({
          lowered: step,
          step: { kernel: step.kernel, operands: step.operands.map((v) => this.#place(v)), barrier: this.program.barriers[i] },
        });
    flush();
  }

  #runHost({ node, inputs, outputs }: LoweredStep & { readonly kind: "host" }): void {
    const tensors = node.inputs.map((o, i) => o.constant ?? readView(inputs[i], this.array(inputs[i]), o.elementType));
    const results = evaluateOperation(node, tensors);
    for (const [i, view] of outputs.entries()) writeView(view, this.array(view), results[i]);
  }
}
