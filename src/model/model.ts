import { VintnerError } from "../common/errors.ts";
import type { ElementType } from "../tensor/element-type.ts";
import type { PartialShape } from "../tensor/partial-shape.ts";
import { allNodes } from "./body.ts";
import type { Node, RtInfoValue } from "./node.ts";
import type { Output } from "./output.ts";
import { topologicalOrder } from "./topological-order.ts";

export interface ModelParts {
  readonly name: string;
  /** Parameter nodes, in the order of the model's inputs. */
  readonly parameters: readonly Node[];
  /** Result nodes, in the order of the model's outputs. */
  readonly results: readonly Node[];
  /** Nodes that must run though nothing reads them (Assign). */
  readonly sinks?: readonly Node[];
}

/** A node that reads an output, and at which input. */
export interface Consumer {
  readonly node: Node;
  readonly input: number;
}

/** What a model keeps from one inference to the next: ReadValue gives it, Assign sets it. */
export interface Variable {
  readonly id: string;
  readonly elementType: ElementType;
  readonly shape: PartialShape;
}

/** A network: OpenVINO's graph. Nodes are reached from the results and sinks. */
export class Model {
  name: string;
  parameters: Node[];
  results: Node[];
  sinks: Node[];
  /** Model-level runtime information: MO_version, conversion_parameters, ... */
  readonly rtInfo: Map<string, RtInfoValue> = new Map();

  /** Throws INVALID_ARGUMENT for parts that are none. */
  constructor(parts: ModelParts) {
    const { name, parameters, results, sinks = [] } = parts ?? {};
    for (const list of [parameters, results, sinks])
      if (!Array.isArray(list))
        throw new VintnerError("INVALID_ARGUMENT", {
          what: "a model is made of lists of nodes",
          expected: "an object with name, parameters, results and, perhaps, sinks",
        });
    this.name = name;
    this.parameters = [...parameters];
    this.results = [...results];
    this.sinks = [...sinks];
  }

  /** What the model takes, one output of a Parameter each. */
  get inputs(): Output[] {
    return this.parameters.map((p) => p.outputs[0]);
  }

  /** What the model gives, one output of a Result each (names are those of the tensor that it passes on). */
  get outputs(): Output[] {
    return this.results.map((r) => r.outputs[0]);
  }

  /** All nodes, producers before consumers; stable for an unchanged graph. Parameters come first. */
  nodes(): Node[] {
    return topologicalOrder([...this.parameters, ...this.results, ...this.sinks]);
  }

  /** The variables that nodes read or write, also those in bodies, as they are read where they are. */
  get variables(): Variable[] {
    const variables = new Map<string, Variable>();
    for (const role of ["read", "write"] as const)
      for (const { op, attributes, outputs } of allNodes(this)) {
        const id = attributes["variable_id"] as string;
        if (op.state !== role || variables.has(id)) continue;
        variables.set(id, { id, elementType: outputs[0].elementType, shape: outputs[0].partialShape });
      }
    return [...variables.values()];
  }

  /** Who reads each output. Computed anew at each call. */
  consumers(): Map<Output, Consumer[]> {
    const map = new Map<Output, Consumer[]>();
    for (const node of this.nodes())
      for (const [input, output] of node.inputs.entries()) {
        const list = map.get(output);
        if (list) list.push({ node, input });
        else map.set(output, [{ node, input }]);
      }
    return map;
  }

  /** Finds an input by tensor name, friendly name or index; without argument the only one. */
  input(key?: string | number): Output {
    return find(this, this.inputs, "input", key);
  }

  /** Finds an output by tensor name, the producing node's friendly name, or index; without argument the only one. */
  output(key?: string | number): Output {
    return find(this, this.outputs, "output", key);
  }

  getName(): string {
    return this.name;
  }
  getFriendlyName(): string {
    return this.name;
  }
  setFriendlyName(name: string): void {
    this.name = name;
  }
  isDynamic(): boolean {
    return this.nodes().some((n) => n.outputs.some((o) => o.partialShape.isDynamic));
  }
  getOps(): Node[] {
    return this.nodes();
  }

  /** Runs shape inference over the whole graph again, bodies included. Throws INVALID_MODEL where a node does not accept its inputs. */
  validate(): void {
    for (const node of this.nodes()) node.reinfer();
  }

  toString(): string {
    const list = (outputs: readonly Output[]): string => outputs.map((o) => `${o.anyName}: ${o}`).join(", ");
    return `${this.name}(${list(this.inputs)}) -> ${list(this.outputs)}`;
  }
}

/** The names by which users find a model's input or output. */
export function portNames(output: Output): string[] {
  const producer = output.node.op.role === "result" ? output.node.inputs[0] : output;
  const friendly = producer.node.friendlyName;
  return [
    ...new Set([
      ...output.names,
      ...producer.names,
      output.node.friendlyName,
      producer.node.outputs.length > 1 ? `${friendly}:${producer.index}` : friendly,
    ]),
  ];
}

function find(model: Model, ports: readonly Output[], kind: "input" | "output", key?: string | number): Output {
  if (key === undefined && ports.length === 1) return ports[0];
  if (typeof key === "number" && ports[key]) return ports[key];
  const found = typeof key === "string" ? ports.find((p) => portNames(p).includes(key)) : undefined;
  if (found) return found;
  throw new VintnerError("INVALID_ARGUMENT", {
    what: key === undefined ? `the model has ${ports.length} ${kind}s, name one` : `the model has no ${kind} ${JSON.stringify(key)}`,
    where: `model "${model.name}"`,
    expected: ports.map((p) => `"${p.anyName}"`).join(", "),
  });
}

/** Sets the shapes of parameters by name or index; the caller validates. See runtime's reshape. */
export type ShapeMap = ReadonlyMap<string | number, PartialShape>;
