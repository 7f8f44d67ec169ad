import { invariant } from "../../common/errors.ts";
import { type Memory, type Operand, operandWithin, type Program, type Step } from "../../kernel/engine.ts";
import type { LoweredStep } from "../../lowering/lowered-step.ts";
import { type View, viewByteOffset } from "../../lowering/view.ts";
import { operationEvaluation } from "../../model/evaluate-operation.ts";
import type { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import type { VariableStates } from "../../model/variable-states.ts";
import type { TypedArray } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { SyncRequest } from "../device.ts";
import { readView, viewArray, writeView } from "./host-tensor.ts";
import { LruMap } from "./lru-map.ts";
import type { InferenceProfile } from "./inference-profile.ts";
import type { RestCache } from "./rest-cache.ts";
import type { HostModel } from "./tiered-cache.ts";
import type { Segment, SegmentContext } from "./segment.ts";

/** Rests, and variants of a body, that each segment keeps memory for: those of the shapes met last. */
const mostParts = 8;

type Part =
  | { readonly kind: "program"; readonly program: Program; readonly steps: readonly LoweredStep[] }
  | { readonly kind: "host"; readonly step: LoweredStep & { readonly kind: "host" } };

/** A program for the caller to run, of these steps. */
export interface ProgramRun {
  readonly program: Program;
  readonly steps: readonly LoweredStep[];
}

/** What goes with an inference: what it takes, where that is measured, and the model's variables, where there are some. */
export interface Walk {
  readonly profile: InferenceProfile | undefined;
  readonly state: VariableStates | undefined;
}

/** Memory for the rests of a segment, or for a body in it, by what was compiled for their shapes. */
type PartInstances = LruMap<Segment | HostModel, SegmentInstance | SyncRequest>;
const newParts = (): PartInstances => new LruMap(mostParts, (part) => part.dispose());

/** The inference of a segment: gives the programs to run, one after the other, and at last the results. */
export type SegmentRun = Generator<ProgramRun, Tensor[], undefined>;

/** A segment with memory of its own, for one inference at a time; and its rests. */
export class SegmentInstance {
  readonly segment: Segment;
  readonly #context: SegmentContext;
  readonly #before: SegmentInstance | undefined;
  readonly #arena: Memory;
  readonly #parts: Part[] = [];
  readonly #rests = newParts();
  readonly #bodies = new Map<Model, PartInstances>();
  #lent = false;
  #isDisposed = false;

  /** `before` is the segment whose memory the borders lie in. Throws OUT_OF_MEMORY. */
  constructor(segment: Segment, context: SegmentContext, before?: SegmentInstance) {
    this.segment = segment;
    this.#context = context;
    this.#before = before;
    const { byteLength, largest, program } = segment;
    const arena = Math.max(64, program.plan.byteLength);
    this.#arena = context.budget.allocate(byteLength, "the tensors of an inference", largest, () => context.engine.allocate(arena));
    try {
      this.#assemble();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Runs the segment and what lies behind it. `inputs` has a tensor for each input that is no border. */
  *run(inputs: readonly (Tensor | undefined)[], walk: Walk): SegmentRun {
    const { model, program, next } = this.segment;
    for (const [i, view] of program.lowered.inputs.entries()) {
      const tensor = inputs[i];
      if (tensor) this.#write(view, tensor);
    }
    for (const part of this.#parts)
      if (part.kind === "program") yield part;
      else yield* this.#onHost(part.step, walk);
    const read = (result: number): Tensor => this.#read(program.lowered.outputs[result]);
    if (next === undefined) return model.results.map((_, i) => read(i));

    const { split, rests } = next;
    const readBorder = (border: number): Tensor => read(model.results.length - split.borders.length + border);
    const breaks: (readonly Tensor[])[] = [];
    for (const { node, inputs: from } of split.breaks) {
      const tensors = from.map((f) => (typeof f === "number" ? readBorder(f) : f));
      breaks.push(yield* this.#evaluate(node, tensors, walk));
    }
    const others = rests === undefined ? [] : yield* this.#runRest(rests, breaks, readBorder, walk);
    // A break may pass on what it was given: a constant's data, or a variable's.
    const foreign = new Set(split.breaks.flatMap((b) => b.inputs.flatMap((f) => (typeof f === "number" ? [] : f.data.buffer))));
    for (const [i, { node }] of split.breaks.entries())
      if (node.op.state !== undefined) for (const { data } of breaks[i]) foreign.add(data.buffer);
    return split.results.map((from) => {
      if (from.kind === "break") return ownTensor(breaks[from.node][from.output], foreign);
      return from.kind === "head" ? read(from.result) : others[from.result];
    });
  }

  *#runRest(
    rests: RestCache<Segment>,
    breaks: readonly (readonly Tensor[])[],
    readBorder: (border: number) => Tensor,
    walk: Walk,
  ): SegmentRun {
    const rest = rests.get(breaks, readBorder);
    const inputs = rests.sources.map((from) =>
      from.kind === "break" ? breaks[from.node][from.output] : rest.kind === "host" ? readBorder(from.border) : undefined,
    );
    return yield* this.#runPart(this.#rests, rest, inputs, walk, this);
  }

  /** A node that no kernel runs: by its semantics, and its bodies by programs. */
  #evaluate(node: Node, inputs: readonly Tensor[], walk: Walk): Generator<ProgramRun, readonly Tensor[], undefined> {
    const evaluation = operationEvaluation(node, inputs, walk.state, (owner, call) =>
      this.#runBody(owner.bodies[call.body].model, call.inputs, walk),
    );
    return walk.profile === undefined ? evaluation : timed(node, walk.profile, evaluation);
  }

  #runBody(body: Model, inputs: readonly Tensor[], walk: Walk): SegmentRun {
    const instances = this.#bodies.get(body) ?? newParts();
    this.#bodies.set(body, instances);
    return this.#runPart(instances, this.#context.bodies.get(body, inputs), inputs, walk);
  }

  /** Runs a rest or a body, in memory that `instances` keep; `before` is the segment in whose memory the borders lie. */
  *#runPart(
    instances: PartInstances,
    part: Segment | HostModel,
    inputs: readonly (Tensor | undefined)[],
    walk: Walk,
    before?: SegmentInstance,
  ): SegmentRun {
    const instance = instances.get(part, () =>
      part.kind === "host" ? part.executable.createRequest() : new SegmentInstance(part, this.#context, before),
    );
    if (instance instanceof SegmentInstance) return yield* instance.run(inputs, walk);
    const results = instance.infer(inputs as Tensor[], walk.state);
    walk.profile?.evaluated(part, instance.profile());
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
    for (const instances of this.#bodies.values()) instances.clear();
    for (const part of this.#parts) if (part.kind === "program") part.program.dispose();
    if (!this.#lent) this.#arena.dispose();
  }

  #write(view: View, tensor: Tensor): void {
    const target = this.array(view);
    const { data } = tensor;
    // A tensor that is the arena's own memory is there already.
    if (data.buffer !== target.buffer || data.byteOffset !== target.byteOffset) writeView(view, target, tensor);
  }

  #read(view: View): Tensor {
    return readView(view, this.array(view));
  }

  #place(view: View): Operand {
    const { block } = view;
    if (block.kind === "constant") {
      return operandWithin(block.place as Operand, viewByteOffset(view));
    }
    if (block.kind === "border") {
      invariant(this.#before && block.source, `border ${block.name} has no segment before it`);
      return operandWithin(this.#before.#place({ ...block.source, offset: 0 }), viewByteOffset(view));
    }
    const offset = this.segment.program.plan.offsets.get(block);
    invariant(offset !== undefined, `block ${block.name} has no memory`);
    return operandWithin({ memory: this.#arena, byteOffset: offset, byteLength: block.byteLength }, viewByteOffset(view));
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

  *#onHost({ node, inputs, outputs }: LoweredStep & { readonly kind: "host" }, walk: Walk): Generator<ProgramRun, void, undefined> {
    const tensors = node.inputs.map((o, i) => o.constant ?? this.#read(inputs[i] as View));
    const results = yield* this.#evaluate(node, tensors, walk);
    for (const [i, view] of outputs.entries()) writeView(view, this.array(view), results[i]);
  }
}

/** A tensor in memory that nobody else has: a copy where its memory is in `taken`, to which it is added. */
function ownTensor(tensor: Tensor, taken: Set<ArrayBufferLike>): Tensor {
  const { buffer } = tensor.data;
  if (taken.has(buffer)) return new Tensor(tensor.elementType, tensor.shape, tensor.data.slice());
  taken.add(buffer);
  return tensor;
}

/** Counts the time that the host takes for a node, without that of the programs and operations inside its bodies. */
function* timed<T>(node: Node, profile: InferenceProfile, work: Generator<ProgramRun, T, undefined>): Generator<ProgramRun, T, undefined> {
  for (let own = 0; ;) {
    const begin = performance.now();
    const inside = profile.hostMicroseconds;
    const next = work.next();
    own += (performance.now() - begin) * 1000 - (profile.hostMicroseconds - inside);
    if (next.done === true) {
      profile.host(node, own);
      return next.value;
    }
    yield next.value;
  }
}
