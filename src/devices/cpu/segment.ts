import { VintnerError } from "../../common/errors.ts";
import { shapeSize } from "../../common/shape.ts";
import type { Engine } from "../../kernel/engine.ts";
import { type SplitModel, splitModel } from "../../lowering/split-model.ts";
import type { View } from "../../lowering/view.ts";
import type { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { byteLengthOf } from "../../tensor/element-type.ts";
import { prepareModel, prepareShapes } from "./preparation/prepare.ts";
import { checkMemory } from "../check-memory.ts";
import { inUnits, type MemoryBudget } from "../memory-budget.ts";
import type { BodyCache } from "./body-cache.ts";
import type { ConstantPool } from "./constant-pool.ts";
import { lower } from "./lower.ts";
import { type CpuProgram, planProgram } from "./program.ts";
import { RestCache, type Source } from "./rest-cache.ts";

/** What all segments of a compiled model share. */
export interface SegmentContext {
  readonly engine: Engine;
  readonly constants: ConstantPool;
  readonly budget: MemoryBudget;
  readonly bodies: BodyCache<Segment>;
}

/**
 * A part of a model compiled for one set of input shapes: one program for all whose shapes are known then, and, where shapes depend on
 * data, the operations that tell them and the rest of the model, compiled for the shapes that come out. Shared by all requests.
 */
export interface Segment {
  readonly kind: "program";
  /** What the program computes: its results are those of the whole part that lie in it, and then the split's borders. */
  readonly model: Model;
  readonly program: CpuProgram;
  /** Bytes that each request needs for it: the arena, and the largest copies for results and steps on the host. */
  readonly byteLength: number;
  /** The operation that needs most of them. */
  readonly largest: string | undefined;
  readonly next: { readonly split: SplitModel; readonly rests: RestCache<Segment> | undefined } | undefined;
}

/**
 * Compiles an optimized model of static input shapes. `borders` are inputs that lie in the memory of the segment before, as its
 * views. Throws OUT_OF_MEMORY.
 */
export function compileSegment(model: Model, context: SegmentContext, borders: readonly (View | undefined)[] = []): Segment {
  prepareShapes(model, context.engine.target);
  const split = splitModel(model);
  const head = split?.head ?? model;
  const { engine, constants, budget } = context;
  checkMemory(head, Math.min(engine.capacity, budget.limit), byteLengthOf);
  const own = head.results.length - (split?.borders.length ?? 0);
  const isDense = (result: number): boolean => result < own || split?.borders[result - own].isRead === true;
  const program = planProgram(lower(head, engine.target, engine.threads, constants, { borders, isShared: (i) => i >= own, isDense }));
  const byteLength = Math.max(64, program.plan.byteLength) + copiedBytes(head, program);
  const largest = largestOf(head);
  budget.check(byteLength, "the tensors of an inference", largest);
  if (program.plan.byteLength > engine.capacity)
    throw new VintnerError("OUT_OF_MEMORY", {
      what: "the tensors of an inference do not fit into one block of memory",
      ...(largest !== undefined && { where: largest }),
      expected: `at most ${inUnits(engine.capacity)}`,
      got: inUnits(program.plan.byteLength),
      hint: "Check the shapes that are given",
    });
  const views = program.lowered.outputs.slice(own);
  const compileRest = (rest: Model, sources: readonly Source[]): Segment => {
    prepareModel(rest, { useShapes: true });
    return compileSegment(
      rest,
      context,
      sources.map((from) => (from.kind === "border" ? views[from.border] : undefined)),
    );
  };
  const rests = split?.rest && new RestCache(split.rest, split.restInputs, compileRest);
  return { kind: "program", model: head, program, byteLength, largest, next: split && { split, rests } };
}

const bytesOf = (output: Output): number => byteLengthOf(output.elementType, shapeSize(output.shape));
const sum = (outputs: readonly Output[]): number => outputs.reduce((n, output) => n + bytesOf(output), 0);

/** Bytes of the results, which are copied, and of the tensors that a step on the host reads and makes. */
const copiedBytes = (model: Model, { lowered }: CpuProgram): number =>
  lowered.steps.reduce(
    (most, step) => (step.kind === "host" ? Math.max(most, sum([...step.node.inputs, ...step.node.outputs])) : most),
    0,
  ) + sum(model.outputs);

function largestOf(model: Model): string | undefined {
  let largest: { readonly node: Node; readonly bytes: number } | undefined;
  for (const node of model.nodes())
    if (node.op.role === undefined) {
      const bytes = sum(node.outputs);
      if (bytes > (largest?.bytes ?? -1)) largest = { node, bytes };
    }
  return largest?.node.where;
}
