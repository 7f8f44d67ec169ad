import { invariant } from "../../common/errors.ts";
import type { Memory, Operand, Program, Step } from "../../kernel/engine.ts";
import type { LoweredStep } from "../../lowering/lowered-step.ts";
import { type View, viewByteOffset } from "../../lowering/view.ts";
import { evaluateOperation } from "../../model/evaluation.ts";
import type { VariableStates } from "../../model/variable-states.ts";
import type { TypedArray } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { DeviceRequest, ProfilingEntry } from "../device.ts";
import { readView, viewArray, writeView } from "./host-tensor.ts";
import { LruMap } from "./lru-map.ts";
import type { HostRest, RestCache } from "./rest-cache.ts";
import type { Segment, SegmentContext } from "./segment.ts";

/** Rests that each segment keeps memory for: those of the shapes met last. */
const mostRests = 8;

type Part =
  | { readonly kind: "program"; readonly program: Program; readonly steps: readonly LoweredStep[] }
  | { readonly kind: "host"; readonly step: LoweredStep & { readonly kind: "host" } };

/** A program for the caller to run, of these steps. */
export interface ProgramRun {
  readonly program: Program;
  readonly steps: readonly LoweredStep[];
}

/** The inference of a segment: gives the programs to run, one after the other, and at last the results. */
export type SegmentRun = Generator<ProgramRun, Tensor[], undefined>;

/** A segment with memory of its own, for one inference at a time; and its rests. */
export class SegmentInstance {
  readonly segment: Segment;
  readonly #context: SegmentContext;
  readonly #before: SegmentInstance | undefined;
  readonly #arena: Memory;
  readonly #parts: Part[] = [];
  readonly #rests = new LruMap<Segment | HostRest, SegmentInstance | DeviceRequest>(mostRests, (rest) => rest.dispose());
  #lent = false;
  #isDisposed = false;

  /** `before` is the segment whose memory the borders lie in. Throws OUT_OF_MEMORY. */
  constructor(segment: Segment, context: SegmentContext, before?: SegmentInstance) {
    this.segment = segment;
    this.#context = context;
    this.#before = before;
    context.budget.take(segment.byteLength, "the tensors of an inference", segment.largest);
    try {
      this.#arena = context.engine.allocate(Math.max(64, segment.program.plan.byteLength));
    } catch (error) {
      context.budget.give(segment.byteLength);
      throw error;
    }
    try {
      this.#assemble();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /**
   * Runs the segment and what lies behind it. `inputs` has a tensor for each input that is no border. `report`, where it is given,
   * is told what the host did. `state` holds the model's variables.
   */
  *run(inputs: readonly (Tensor | undefined)[], report?: (entry: ProfilingEntry) => void, state?: VariableStates): SegmentRun {
    const { model, program, next } = this.segment;
    for (const [i, view] of program.lowered.inputs.entries()) {
      const tensor = inputs[i];
      if (tensor) this.#write(view, tensor);
    }
    for (const part of this.#parts)
      if (part.kind === "program") yield part;
      else this.#onHost(part.step, report, state);
    const read = (result: number): Tensor => this.#read(program.lowered.outputs[result], model.results[result].outputs[0].elementType);
    if (next === undefined) return model.results.map((_, i) => read(i));

    const { split, rests } = next;
    const readBorder = (border: number): Tensor => read(model.results.length - split.borders.length + border);
    const breaks = split.breaks.map(({ node, inputs: from }) =>
      timed(node, report, () =>
        evaluateOperation(
          node,
          from.map((f) => (typeof f === "number" ? readBorder(f) : f)),
          state,
        ),
      ),
    );
    const others = rests === undefined ? [] : yield* this.#runRest(rests, breaks, readBorder, report, state);
    const foreign = new Set(split.breaks.flatMap((b) => b.inputs.flatMap((f) => (typeof f === "number" ? [] : f.data.buffer))));
    return split.results.map((from) => {
      if (from.kind === "break") return ownTensor(breaks[from.node][from.output], foreign);
      return from.kind === "head" ? read(from.result) : others[from.result];
    });
  }

  *#runRest(
    rests: RestCache<Segment>,
    breaks: readonly (readonly Tensor[])[],
    readBorder: (border: number) => Tensor,
    report?: (entry: ProfilingEntry) => void,
    state?: VariableStates,
  ): SegmentRun {
    const rest = rests.get(breaks, readBorder);
    const instance = this.#rests.get(rest, () =>
      rest.kind === "host" ? rest.executable.createRequest() : new SegmentInstance(rest, this.#context, this),
    );
    const inputs = rests.sources.map((from) =>
      from.kind === "break" ? breaks[from.node][from.output] : rest.kind === "host" ? readBorder(from.border) : undefined,
    );
    if (instance instanceof SegmentInstance) return yield* instance.run(inputs, report, state);
    const results = instance.infer(inputs as Tensor[], state);
    if (report) for (const entry of instance.profile()) report({ ...entry, implementation: `host ${entry.type}` });
    return results;
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

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#context.budget.give(this.segment.byteLength);
    this.#rests.clear();
    for (const part of this.#parts) if (part.kind === "program") part.program.dispose();
    if (!this.#lent) this.#arena.dispose();
  }

  #write(view: View, tensor: Tensor): void {
    const target = this.array(view);
    const { data } = tensor;
    // A tensor that is the arena's own memory is there already.
    if (data.buffer !== target.buffer || data.byteOffset !== target.byteOffset) writeView(view, target, tensor);
  }

  #read(view: View, type: Tensor["elementType"]): Tensor {
    return readView(view, this.array(view), type);
  }

  #place(view: View): Operand {
    const { block } = view;
    if (block.kind === "constant") {
      const place = block.place as Operand;
      return { memory: place.memory, byteOffset: place.byteOffset + viewByteOffset(view) };
    }
    if (block.kind === "border") {
      invariant(this.#before && block.source, `border ${block.name} has no segment before it`);
      const place = this.#before.#place({ ...block.source, offset: 0 });
      return { memory: place.memory, byteOffset: place.byteOffset + viewByteOffset(view) };
    }
    const offset = this.segment.program.plan.offsets.get(block);
    invariant(offset !== undefined, `block ${block.name} has no memory`);
    return { memory: this.#arena, byteOffset: offset + viewByteOffset(view) };
  }

  #assemble(): void {
    const { lowered, barriers } = this.segment.program;
    let pending: { step: Step; lowered: LoweredStep }[] = [];
    const flush = (): void => {
      if (pending.length > 0)
        this.#parts.push({
          kind: "program",
          program: this.#context.engine.program(pending.map((p) => p.step)),
          steps: pending.map((p) => p.lowered),
        });
      pending = [];
    };
    for (const [i, step] of lowered.steps.entries())
      if (step.kind === "host") {
        flush();
        this.#parts.push({ kind: "host", step });
      } else
        pending.push({
          lowered: step,
          step: { kernel: step.kernel, operands: step.operands.map((v) => this.#place(v)), barrier: barriers[i] },
        });
    flush();
  }

  #onHost(
    { node, inputs, outputs }: LoweredStep & { readonly kind: "host" },
    report?: (entry: ProfilingEntry) => void,
    state?: VariableStates,
  ): void {
    timed(node, report, () => {
      const tensors = node.inputs.map((o, i) => o.constant ?? this.#read(inputs[i], o.elementType));
      const results = evaluateOperation(node, tensors, state);
      for (const [i, view] of outputs.entries()) writeView(view, this.array(view), results[i]);
      return results;
    });
  }
}

/** A tensor in memory that nobody else has: a copy where its memory is in `taken`, to which it is added. */
function ownTensor(tensor: Tensor, taken: Set<ArrayBufferLike>): Tensor {
  const { buffer } = tensor.data;
  if (taken.has(buffer)) return new Tensor(tensor.elementType, tensor.shape, tensor.data.slice());
  taken.add(buffer);
  return tensor;
}

/** Reports the time that the host takes for a node. */
function timed<T>(node: { friendlyName: string; type: string }, report: ((entry: ProfilingEntry) => void) | undefined, work: () => T): T {
  if (report === undefined) return work();
  const begin = performance.now();
  const done = work();
  report({
    name: node.friendlyName,
    type: node.type,
    implementation: `host ${node.type}`,
    microseconds: (performance.now() - begin) * 1000,
  });
  return done;
}
