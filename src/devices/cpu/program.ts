import type { LoweredModel } from "./lower.ts";
import type { LoweredStep } from "../../lowering/lowered-step.ts";
import { type MemoryPlan, planMemory } from "../../lowering/memory-plan.ts";
import { type View, viewByteOffset, viewBytes } from "../../lowering/view.ts";

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
    return { begin, end: begin + viewBytes(view) };
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
