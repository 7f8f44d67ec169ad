import { VintnerError } from "../../common/errors.ts";
import type { KaldiNetwork } from "../../formats/kaldi/read-kaldi.ts";
import type { Body, BodyInput } from "../../model/body.ts";
import { Model } from "../../model/model.ts";
import { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { uniqueFriendlyNames } from "../../model/unique-names.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { TensorIterator } from "../../ops/control-flow/tensor-iterator.ts";
import { parameter } from "../../ops/infrastructure/parameter.ts";
import { result } from "../../ops/infrastructure/result.ts";
import { Concat } from "../../ops/movement/concat.ts";
import { Gather8 } from "../../ops/movement/gather.ts";
import { Pad1 } from "../../ops/movement/pad.ts";
import { Slice8 } from "../../ops/movement/slice.ts";
import { Broadcast3 } from "../../ops/shape/broadcast.ts";
import { ShapeOf3 } from "../../ops/shape/shape-of.ts";
import { anyDimension } from "../../tensor/dimension.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { OperationBuilder } from "../operation-builder.ts";
import { affine, componentMappings } from "./components.ts";
import type { Descriptor } from "./descriptor.ts";
import { KaldiComponent } from "./kaldi-component.ts";
import { type NetworkNode, networkGraph, nodeGroups } from "./network-graph.ts";

/** Frames that a node computes: `left` before the first frame of the output, and `right` behind its last one. */
interface FrameRange {
  left: number;
  right: number;
}

/** Where a descriptor's nodes come from: all frames of a range at once, or one frame inside a recurrence. */
interface FrameSource {
  read(name: string, frames: number, optional: boolean): Output;
  /** The number of frames that `read` gives, as i64[1]. */
  count(): Output;
}

const farEnd = 2 ** 31 - 1;
/** Components that splice frames: network-graph.ts spells their reading out. */
const spliceTypes: ReadonlySet<string> = new Set(["SpliceComponent", "Splice"]);

/**
 * Converts a network to one over whole utterances: inputs and outputs are [frames, dim], one row a frame. What a network reads beyond the
 * ends of an utterance are its first and last frame, as Kaldi has it; IfDefined gives zeros there. Nodes that read their own earlier
 * frames become the body of a TensorIterator over the frames. Throws UNSUPPORTED_OPERATION listing all components without a
 * mapping, INVALID_MODEL, UNSUPPORTED.
 */
export function convertNetwork(network: KaldiNetwork, name: string, file: string): Model {
  const nodes = networkGraph(network, file);
  checkComponents(nodes, file);
  return new NetworkConverter(nodes, file).convert(name);
}

/** The types of components that have a mapping, sorted. */
export const supportedComponents = (): string[] => [...spliceTypes, "TdnnComponent", ...Object.keys(componentMappings)].sort();

const isMapped = (type: string): boolean => spliceTypes.has(type) || type === "TdnnComponent" || Object.hasOwn(componentMappings, type);

function checkComponents(nodes: ReadonlyMap<string, NetworkNode>, file: string): void {
  const missing = new Map<string, string[]>();
  for (const node of nodes.values())
    if (node.kind === "component" && !isMapped(node.component.type))
      missing.set(node.component.type, [...(missing.get(node.component.type) ?? []), JSON.stringify(node.name)]);
  if (missing.size === 0) return;
  throw new VintnerError("UNSUPPORTED_OPERATION", {
    what: `${missing.size === 1 ? "a type of component is" : `${missing.size} types of components are`} not supported: ${[...missing].map(([type, names]) => `${type} (${names.slice(0, 5).join(", ")}${names.length > 5 ? `, and ${names.length - 5} more` : ""})`).join("; ")}`,
    where: file,
    hint: "docs/support.md lists what is supported",
  });
}

class NetworkConverter extends OperationBuilder {
  readonly where: string;
  protected readonly file: string;
  readonly #nodes: ReadonlyMap<string, NetworkNode>;
  readonly #ranges = new Map<string, FrameRange>();
  /** What each node gives for all frames of its range. */
  readonly #outputs = new Map<string, Output>();
  readonly #parameters: Node[] = [];

  constructor(nodes: ReadonlyMap<string, NetworkNode>, file: string) {
    super();
    this.#nodes = nodes;
    this.file = file;
    this.where = file;
  }

  convert(name: string): Model {
    const groups = nodeGroups(this.#nodes);
    this.#findRanges(groups);
    for (const group of groups) {
      const [first] = group.map((n) => this.#node(n));
      if (!this.#ranges.has(first.name)) continue;
      if (group.length > 1 || first.readings.some((r) => r.name === first.name)) this.#recurrence(group);
      else this.#single(first);
    }
    const results = [...this.#nodes.values()]
      .filter((n) => n.kind === "output")
      .map((n) => result(this.#named(n.name), `${n.name}/sink_port_0`));
    if (results.length === 0 || this.#parameters.length === 0) this.fail("the network has no input or no output");
    const model = new Model({ name, parameters: this.#parameters, results });
    uniqueFriendlyNames(model);
    return model;
  }

  #node(name: string): NetworkNode {
    return this.#nodes.get(name) as NetworkNode;
  }

  /** An output of the model, under its name. */
  #named(name: string): Output {
    const output = this.#outputs.get(name) as Output;
    if (output.node.op.role !== "parameter") output.names.add(name);
    return output;
  }

  /** From the outputs back: which frames each node must have. Optional readings make nothing longer. */
  #findRanges(groups: readonly (readonly string[])[]): void {
    for (const node of this.#nodes.values()) if (node.kind === "output") this.#ranges.set(node.name, { left: 0, right: 0 });
    for (const group of groups.toReversed()) {
      const known = group.flatMap((n) => this.#ranges.get(n) ?? []);
      if (known.length === 0) continue;
      // Nodes of a recurrence run frame by frame together.
      const range = { left: Math.max(...known.map((r) => r.left)), right: Math.max(...known.map((r) => r.right)) };
      for (const name of group) this.#ranges.set(name, range);
      for (const name of group)
        for (const { name: read, frames, optional } of this.#node(name).readings) {
          if (group.includes(read)) continue;
          const before = this.#ranges.get(read);
          const left = optional ? range.left : Math.max(0, range.left - frames);
          const right = optional ? range.right : Math.max(0, range.right + frames);
          this.#ranges.set(read, { left: Math.max(before?.left ?? 0, left), right: Math.max(before?.right ?? 0, right) });
        }
    }
  }

  // All frames at once

  #single(node: NetworkNode): void {
    this.#outputs.set(
      node.name,
      node.kind === "input" ? this.#input(node) : this.#compute(node, this.#frames(this.#ranges.get(node.name) as FrameRange)),
    );
  }

  /** The input with its first and last frame repeated as far as the network reads beyond. */
  #input({ name, dim }: NetworkNode & { readonly kind: "input" }): Output {
    const made = parameter("f32", new PartialShape([anyDimension, dim]), name);
    this.#parameters.push(made);
    const { left, right } = this.#ranges.get(name) as FrameRange;
    if (left === 0 && right === 0) return made.outputs[0];
    const pads = (frames: number): Output => this.constant("i64", [frames, 0]);
    return this.add(Pad1, [made.outputs[0], pads(left), pads(right)], { pad_mode: "edge" });
  }

  #frames(range: FrameRange): FrameSource {
    return {
      read: (name, frames, optional) => {
        const own = this.#ranges.get(name) as FrameRange;
        const begin = own.left - range.left + frames;
        const behind = own.right - range.right - frames;
        let output = this.#outputs.get(name) as Output;
        if (begin < 0 || behind < 0) {
          if (!optional) this.fail(`node "${name}" is read where it has no frames`);
          const pads = (count: number): Output => this.constant("i64", [Math.max(0, count), 0]);
          output = this.add(Pad1, [output, pads(-begin), pads(-behind), this.constant("f32", 0)], { pad_mode: "constant" });
        }
        if (begin <= 0 && behind <= 0) return output;
        return this.#slice(output, 0, Math.max(0, begin), behind > 0 ? -behind : farEnd);
      },
      count: () => {
        const [{ outputs }] = this.#parameters;
        const length = this.add(
          Gather8,
          [this.add(ShapeOf3, [outputs[0]], { output_type: "i64" }), this.constant("i64", [0]), this.constant("i64", 0)],
          { batch_dims: 0 },
        );
        return range.left + range.right === 0 ? length : this.add(Add, [length, this.constant("i64", [range.left + range.right])]);
      },
    };
  }

  #slice(output: Output, axis: number, begin: number, end: number): Output {
    const list = (value: number): Output => this.constant("i64", [value]);
    return this.add(Slice8, [output, list(begin), list(end), list(1), list(axis)]);
  }

  /** What a node computes of the frames that a source gives. */
  #compute(node: NetworkNode, source: FrameSource): Output {
    switch (node.kind) {
      case "range":
        return this.#slice(source.read(node.of, 0, false), 1, node.offset, node.offset + node.dim);
      case "output": {
        const output = this.#describe(node.descriptor, source, 0, false);
        if (output.node.op.role === undefined && this.made.has(output.node)) output.node.friendlyName = node.name;
        return output;
      }
      case "component": {
        const component = new KaldiComponent(node.name, node.component, this.#describe(node.descriptor, source, 0, false), this.file);
        const output = spliceTypes.has(node.component.type)
          ? component.input
          : node.component.type === "TdnnComponent"
            ? affine(component, component.matrix("<LinearParams>"), component.matrix("<BiasParams>"))
            : componentMappings[node.component.type](component);
        if (component.made.has(output.node)) output.node.friendlyName = node.name;
        return output;
      }
      case "input":
        return this.fail(`input "${node.name}" is part of a recurrence`);
    }
  }

  #describe(descriptor: Descriptor, source: FrameSource, frames: number, optional: boolean): Output {
    const part = (d: Descriptor): Output => this.#describe(d, source, frames, optional);
    switch (descriptor.kind) {
      case "node":
        return source.read(descriptor.name, frames, optional);
      case "append": {
        const parts = descriptor.parts.map(part);
        return parts.length === 1 ? parts[0] : this.add(Concat, parts, { axis: 1 });
      }
      case "sum": {
        const [first, ...rest] = descriptor.parts.map(part);
        return rest.reduce((sum, x) => this.add(Add, [sum, x]), first);
      }
      case "ifDefined":
        return this.#describe(descriptor.of, source, frames, true);
      case "offset":
        return this.#describe(descriptor.of, source, frames + descriptor.frames, optional);
      case "scale":
        return this.add(Multiply, [part(descriptor.of), this.constant("f32", descriptor.factor)]);
      case "const":
        return this.#repeated(
          this.constantOf(new Tensor("f32", [1, descriptor.dim], new Float32Array(descriptor.dim).fill(descriptor.value))),
          descriptor.dim,
          source,
        );
      case "replaceIndex": {
        if (descriptor.of.kind !== "node" || this.#node(descriptor.of.name).kind !== "input")
          return this.unsupported("ReplaceIndex of anything but an input is not supported");
        const { name, dim } = this.#node(descriptor.of.name) as NetworkNode & { readonly kind: "input" };
        const own = this.#ranges.get(name) as FrameRange;
        const frame = own.left + descriptor.frame;
        return this.#repeated(this.#slice(this.#outputs.get(name) as Output, 0, frame, frame + 1), dim, source);
      }
      case "failover":
      case "round":
      case "switch":
        return this.unsupported(`the operator ${descriptor.kind} of descriptors is not supported`);
    }
  }

  /** One frame for each of a source's. */
  #repeated(frame: Output, dim: number, source: FrameSource): Output {
    const shape = this.add(Concat, [source.count(), this.constant("i64", [dim])], { axis: 0 });
    return this.add(Broadcast3, [frame, shape], { mode: "numpy" });
  }

  // Frame by frame

  /** Nodes that read their own earlier frames: a TensorIterator whose state is as many frames of each as the longest delay asks for. */
  #recurrence(group: readonly string[]): void {
    const range = this.#ranges.get(group[0]) as FrameRange;
    const members = new Set(group);
    const whole = this.#frames(range);
    const outer: Output[] = [];
    const parameters: Node[] = [];
    const inputs: BodyInput[] = [];
    const frames = new Map<string, Output>();
    const states = new Map<string, { readonly parameter: number; readonly output: Output; readonly delay: number }>();
    const computed = new Map<string, Output>();
    const addParameter = (shape: readonly number[], given: Output, of: string): number => {
      const made = parameter("f32", new PartialShape(shape), of);
      outer.push(given);
      return parameters.push(made) - 1;
    };
    for (const [name, delay] of this.#delays(group)) {
      const dim = this.#dimOf(name);
      const zeros = this.constantOf(new Tensor("f32", [delay, dim]));
      const at = addParameter([delay, dim], zeros, `${name}/state`);
      states.set(name, { parameter: at, output: parameters[at].outputs[0], delay });
    }
    const source: FrameSource = {
      count: () => this.constant("i64", [1]),
      read: (name, offset, optional) => {
        if (!members.has(name)) {
          const key = `${name} ${offset} ${optional}`;
          const known = frames.get(key);
          if (known) return known;
          const all = whole.read(name, offset, optional);
          const at = addParameter([1, this.#lastDim(all)], all, `${name}/frame`);
          inputs.push({ kind: "sliced", parameter: at, input: outer.length - 1, axis: 0, start: 0, end: -1, stride: 1, partSize: 1 });
          frames.set(key, parameters[at].outputs[0]);
          return parameters[at].outputs[0];
        }
        if (offset === 0) return computed.get(name) ?? this.fail(`node "${name}" reads its own frame`);
        const state = states.get(name);
        if (state === undefined || !optional)
          return this.unsupported(`node "${name}" is read from frames that are not computed yet, or without IfDefined`);
        const begin = state.delay + offset;
        return state.delay === 1 ? state.output : this.#slice(state.output, 0, begin, begin + 1);
      },
    };
    for (const name of this.#order(group)) computed.set(name, this.#compute(this.#node(name), source));
    const results: Output[] = [];
    for (const [name, { parameter: at, output, delay }] of states) {
      const now = computed.get(name) as Output;
      const next = delay === 1 ? now : this.add(Concat, [this.#slice(output, 0, 1, farEnd), now], { axis: 0 });
      inputs.push({ kind: "merged", parameter: at, input: at, result: results.push(next) - 1 });
    }
    // What is read from outside, all frames of it.
    const wanted = group.filter((name) =>
      [...this.#nodes.values()].some((n) => !members.has(n.name) && n.readings.some((r) => r.name === name)),
    );
    const body: Body = {
      model: new Model({
        name: "body",
        parameters,
        results: [...results, ...wanted.map((name) => computed.get(name) as Output)].map((o, i) => result(o, `result_${i}`)),
      }),
      inputs: inputs.toSorted((a, b) => a.parameter - b.parameter),
      outputs: wanted.map((_, i) => ({
        kind: "concatenated",
        result: results.length + i,
        output: i,
        axis: 0,
        start: 0,
        end: -1,
        stride: 1,
        partSize: 1,
      })),
    };
    const iterator = new Node(
      TensorIterator,
      outer,
      {},
      { bodies: [body], source: this.file, friendlyName: `${group[group.length - 1]}/recurrence` },
    );
    for (const [i, name] of wanted.entries()) this.#outputs.set(name, iterator.outputs[i]);
  }

  #lastDim(output: Output): number {
    const dim = output.partialShape.dimensions?.[1];
    return typeof dim === "number" ? dim : this.fail("a frame of unknown length");
  }

  /** The members that others read from earlier frames, and the longest such delay. */
  #delays(group: readonly string[]): Map<string, number> {
    const delays = new Map<string, number>();
    for (const name of group)
      for (const reading of this.#node(name).readings)
        if (group.includes(reading.name) && reading.frames < 0)
          delays.set(reading.name, Math.max(delays.get(reading.name) ?? 0, -reading.frames));
    return delays;
  }

  /** Members behind those whose same frame they read. */
  #order(group: readonly string[]): string[] {
    const done = new Set<string>();
    const order: string[] = [];
    const isReady = (name: string): boolean =>
      this.#node(name).readings.every((r) => !group.includes(r.name) || r.frames !== 0 || done.has(r.name));
    while (order.length < group.length) {
      const ready = group.filter((name) => !done.has(name) && isReady(name));
      if (ready.length === 0)
        this.fail(
          `nodes read each other's same frame: ${group
            .filter((n) => !done.has(n))
            .slice(0, 5)
            .join(", ")}`,
        );
      for (const name of ready) {
        done.add(name);
        order.push(name);
      }
    }
    return order;
  }

  /** The numbers that a frame of a node has, before it is built. */
  #dimOf(name: string): number {
    const node = this.#node(name);
    if (node.kind === "range" || node.kind === "input") return node.dim;
    if (node.kind === "component") {
      const value = (field: string) => node.component.fields.get(field)?.[0];
      for (const field of ["<OutputDim>", "<Dim>"]) {
        const given = value(field);
        if (given?.kind === "number") return given.int;
      }
      for (const field of ["<LinearParams>", "<Params>"]) {
        const given = value(field);
        if (given?.kind === "matrix")
          return node.component.type === "LstmNonlinearityComponent" ? 2 * given.matrix.columns : given.matrix.rows;
      }
    }
    return this.unsupported(`the dimension of node "${name}", which is read from earlier frames, is not known`);
  }
}
