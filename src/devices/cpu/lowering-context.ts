import { invariant, VintnerError } from "../../common/errors.ts";
import { rowMajorStrides, sameShape } from "../../common/shape.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { requireProof } from "../../kernel/kernel-proof.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import type { TypedArray } from "../../tensor/element-type.ts";
import type { ConstantPool } from "./constant-pool.ts";
import type { Group } from "../../lowering/fuse.ts";
import { tensorToFloat32 } from "./host-tensor.ts";
import { type ViewElement, viewElementBytes, viewElementOf } from "../../lowering/view-element.ts";
import type { LoweredStep } from "../../lowering/lowered-step.ts";
import { copyKernel } from "./kernels/copy.ts";
import { problemKey } from "../../lowering/problem-key.ts";
import {
  type Block,
  broadcastView,
  channelsLastOrder,
  orderOf,
  plainOrder,
  reshapeView,
  stridesOfOrder,
  type View,
  viewSize,
} from "../../lowering/view.ts";

/** Where a concatenation wants one of its inputs written. */
interface Placement {
  readonly concat: Output;
  readonly axis: number;
  readonly begin: number;
}

/** The state of lowering a model: where each output lies, and the steps so far. */
export class LoweringContext {
  readonly target: KernelTarget;
  readonly threads: number;
  readonly steps: LoweredStep[] = [];
  readonly blocks: Block[] = [];
  readonly #views = new Map<Output, View>();
  readonly #placements = new Map<Output, Placement>();
  readonly #constants: ConstantPool;
  readonly #constantBlocks = new Map<string, Block>();
  /** By the function that writes them, then by the problem. */
  readonly #kernels = new Map<unknown, Map<string, unknown>>();
  readonly #byKey = new Map<string, Kernel>();
  #nodes: readonly Node[] = [];

  constructor(target: KernelTarget, threads: number, constants: ConstantPool) {
    this.target = target;
    this.threads = threads;
    this.#constants = constants;
  }

  /** Says which operations the next steps belong to. */
  enter(group: Group): void {
    this.#nodes = group.nodes;
  }

  /** Where an output lies. Constants are laid out at their first use. */
  view(output: Output): View {
    const known = this.#views.get(output);
    if (known) return known;
    const tensor = output.constant;
    invariant(tensor !== undefined, `${output.node.where} is used before it is lowered`);
    const element = viewElementOf(tensor.elementType);
    const view = this.constant({ tensor: this.keyOf(output) }, tensor.shape, element, () => tensor.readOnce());
    this.#views.set(output, view);
    return view;
  }

  define(output: Output, view: View): void {
    invariant(sameShape(output.shape, view.shape), `${output.node.where} was lowered to ${view.shape}, inferred ${output.shape}`);
    this.#views.set(output, view);
  }

  isDefined(output: Output): boolean {
    return this.#views.has(output);
  }

  /** New memory of the request's arena. */
  allocate(shape: readonly number[], element: ViewElement, order: readonly number[], name: string): View {
    const block: Block = {
      id: this.blocks.length,
      byteLength: shape.reduce((n, d) => n * d, 1) * viewElementBytes(element),
      kind: "arena",
      name,
    };
    this.blocks.push(block);
    return { block, offset: 0, shape: [...shape], strides: stridesOfOrder(shape, order), element };
  }

  /** A tensor of the segment before, where it lies. */
  border(source: View, name: string): View {
    const { byteLength } = source.block;
    const block: Block = { id: this.blocks.length, byteLength, kind: "border", source, name };
    this.blocks.push(block);
    return { ...source, block };
  }

  /**
   * Memory for an output, in the place that its consumer wants or in the given order (default: channels-last for feature maps).
   * `vectorAxis`: where the producer writes vectors, so that elements must lie next to each other along it. A place where they do
   * not is left to the consumer, who copies.
   */
  allocateOutput(output: Output, order?: readonly number[], vectorAxis?: number): View {
    const shape = output.shape;
    const element = viewElementOf(output.elementType);
    const placed = this.#placements.get(output);
    const wanted = order ?? (shape.length === 4 || shape.length === 5 ? channelsLastOrder(shape.length) : plainOrder(shape.length));
    const known = placed && this.#views.get(placed.concat);
    const fits = known === undefined || vectorAxis === undefined || known.strides[vectorAxis] === 1;
    if (placed === undefined || !fits) return this.allocate(shape, element, wanted, output.node.friendlyName);
    const whole = known ?? this.allocate(placed.concat.shape, element, wanted, placed.concat.node.friendlyName);
    this.#views.set(placed.concat, whole);
    return { ...whole, offset: whole.offset + placed.begin * whole.strides[placed.axis], shape };
  }

  /** Asks that an output be written to its part of a concatenation, where its producer can choose. */
  place(output: Output, placement: Placement): void {
    if (!this.#placements.has(output)) this.#placements.set(output, placement);
  }

  /** Constant data, made once for each problem: `make` may depend on nothing else. */
  constant(problem: object, shape: readonly number[], element: ViewElement, make: () => TypedArray): View {
    return this.#constant(problem, shape, element, (bytes) => {
      const array = make();
      invariant(array.byteLength === bytes.byteLength, `a constant has ${array.byteLength} bytes, not ${bytes.byteLength}`);
      bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    });
  }

  /** The same of floats, filled into zeros where they will lie: for large data. */
  filledConstant(problem: object, shape: readonly number[], fill: (to: Float32Array) => void): View {
    return this.#constant(problem, shape, "f32", (bytes) => fill(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)));
  }

  #constant(problem: object, shape: readonly number[], element: ViewElement, fill: (bytes: Uint8Array) => void): View {
    const key = problemKey("constant", { problem, shape, element });
    let block = this.#constantBlocks.get(key);
    if (block === undefined) {
      const byteLength = shape.reduce((n, d) => n * d, 1) * viewElementBytes(element);
      block = {
        id: this.blocks.length,
        byteLength,
        kind: "constant",
        place: this.#constants.get(key, byteLength, fill, this.#nodes[0]?.where),
        name: key,
      };
      this.blocks.push(block);
      this.#constantBlocks.set(key, block);
    }
    return { block, offset: 0, shape: [...shape], strides: rowMajorStrides(shape), element };
  }

  /** Names the tensor of a constant output: its data, type and shape. Equal for copies of a model that share the data. */
  keyOf(output: Output): string {
    invariant(output.constant !== undefined, `${output.node.where} is no constant`);
    const { elementType, shape } = output.constant;
    return `${this.#constants.keyOf(output.constant)} ${elementType}[${shape}]`;
  }

  /** The numbers of a constant output, widened to f32. */
  floats(output: Output): Float32Array | undefined {
    return output.constant && tensorToFloat32(output.constant);
  }

  /** Kernels (and what belongs to them) of a problem, written once: equal layers share them. */
  kernels<P extends object, T>(write: (problem: P, target: KernelTarget) => T, problem: P): T {
    let known = this.#kernels.get(write);
    if (known === undefined) this.#kernels.set(write, (known = new Map<string, unknown>()));
    const key = problemKey("", problem);
    if (!known.has(key)) known.set(key, write(problem, this.target));
    return known.get(key) as T;
  }

  /** Throws UNSUPPORTED where the kernel's bounds cannot be proven. */
  step(kernel: Kernel, operands: readonly View[]): void {
    const known = this.#byKey.get(kernel.key) ?? kernel;
    this.#byKey.set(kernel.key, known);
    requireProof(known, this.target);
    this.steps.push({ kind: "kernel", kernel: known, operands, nodes: this.#nodes });
  }

  /** Lowers a group, and gives its operations to the host where its kernels cannot be written or proven (UNSUPPORTED). */
  lowerGroup(group: Group, lower: () => void): void {
    const steps = this.steps.length;
    try {
      lower();
    } catch (error) {
      if (!(error instanceof VintnerError && error.code === "UNSUPPORTED")) throw error;
      this.steps.length = steps;
      for (const node of group.nodes) {
        this.#nodes = [node];
        this.hostStep(node);
      }
    }
  }

  hostStep(node: Node): void {
    const outputs = node.outputs.map((o) => (this.isDefined(o) ? this.view(o) : this.allocateOutput(o, plainOrder(o.shape.length))));
    this.steps.push({
      kind: "host",
      node,
      inputs: node.inputs.map((i) => (i.constant ? undefined : this.view(i))),
      outputs,
      nodes: this.#nodes,
    });
    for (const [i, o] of node.outputs.entries()) this.define(o, outputs[i]);
  }

  /** Copies elements between views of one shape and type. */
  copy(from: View, to: View): void {
    if (viewSize(to) === 0) return;
    this.step(copyKernel(from, to, this.threads, this.target), [from, to]);
  }

  /** A view of the same values in dense memory of the given order. */
  dense(view: View, order: readonly number[]): View {
    const strides = stridesOfOrder(view.shape, order);
    if (view.shape.every((d, i) => d === 1 || view.strides[i] === strides[i])) return view;
    const copy = this.allocate(view.shape, view.element, order, `${view.block.name} reordered`);
    this.copy(view, copy);
    return copy;
  }

  /** The view itself where its elements lie next to each other along an axis, else a copy with that axis last. */
  contiguousAlong(view: View, axis: number): View {
    if (view.strides[axis] === 1 || view.shape[axis] === 1) return view;
    return this.dense(view, [...orderOf(view).filter((d) => d !== axis), axis]);
  }

  /** Row-major elements under another shape; copied where strides cannot say it. */
  reshape(view: View, shape: readonly number[]): View {
    return reshapeView(view, shape) ?? (reshapeView(this.dense(view, plainOrder(view.shape.length)), shape) as View);
  }

  /** The inputs of a group's epilogue as views of its output's shape, contiguous or constant along an axis. */
  epilogueInputs(group: Group, axis: number): View[] {
    const shape = group.output.shape;
    return group.inputs.map((i) => {
      const view = broadcastView(this.view(i), shape);
      return view.strides[axis] === 0 || view.strides[axis] === 1
        ? view
        : this.contiguousAlong(view.strides.includes(0) ? this.materialize(view) : view, axis);
    });
  }

  /** A copy without broadcast strides. */
  materialize(view: View): View {
    const copy = this.allocate(view.shape, view.element, channelsLastOrder(view.shape.length), `${view.block.name} broadcast`);
    this.copy(view, copy);
    return copy;
  }
}
