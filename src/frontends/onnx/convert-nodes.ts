import { create } from "@bufbuild/protobuf";
import { invariant, VintnerError } from "../../common/errors.ts";
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
} from "../../formats/protobuf/generated/onnx_pb.ts";
import type { Output } from "../../model/output.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { nameOutputs } from "./name-outputs.ts";
import { OnnxNode } from "./onnx-node.ts";
import { type Functions, OperatorSets } from "./operator-sets.ts";
import { findMapping } from "./operators.ts";
import { sortNodes } from "./sort-nodes.ts";
import { tensorFromProto, type TensorSource } from "./tensor-from-proto.ts";

/** Functions may call functions, so deep at most. */
const maxCalls = 64;
/** Nodes that all calls together may expand to: a short chain of functions can spell out any number. */
const maxNodes = 300_000;

/** What is the same for a whole model. */
export interface Conversion {
  readonly source: TensorSource;
  readonly functions: Functions;
  /** Nodes converted so far. */
  nodes: number;
}

/** The values of a graph or of a function's body by their names. */
export class Values {
  readonly #outputs = new Map<string, Output>();
  readonly #initializers: ReadonlyMap<string, TensorProto>;
  readonly #source: TensorSource;

  constructor(initializers: readonly TensorProto[], source: TensorSource) {
    this.#initializers = new Map(initializers.map((t) => [t.name, t]));
    this.#source = source;
  }

  set(name: string, output: Output): void {
    this.#outputs.set(name, output);
  }

  isInitializer(name: string): boolean {
    return this.#initializers.has(name);
  }

  /** A value that was set, or an initializer, which becomes a Constant when first asked for. */
  get(name: string): Output | undefined {
    const output = this.#outputs.get(name);
    if (output) return output;
    const initializer = this.#initializers.get(name);
    if (initializer === undefined) return undefined;
    const node = constantNode(tensorFromProto(initializer, this.#source), { friendlyName: name, source: this.#source.file });
    node.outputs[0].names.add(name);
    this.#outputs.set(name, node.outputs[0]);
    return node.outputs[0];
  }
}

/** Converts nodes and puts their outputs among the values. Throws INVALID_MODEL and UNSUPPORTED, naming the ONNX node. */
export function convertNodes(
  nodes: readonly NodeProto[],
  sets: OperatorSets,
  values: Values,
  conversion: Conversion,
  calls: readonly string[] = [],
): void {
  for (const proto of sortNodes(nodes, conversion.source.file)) {
    if (++conversion.nodes > maxNodes)
      throw new VintnerError("UNSUPPORTED", { what: `the model expands to more than ${maxNodes} nodes`, where: conversion.source.file });
    const inputs = proto.input.map((name) => (name === "" ? undefined : readValue(values, name, proto, conversion.source.file)));
    const called = conversion.functions.find(proto);
    const outputs = called ? convertCall(called, proto, inputs, conversion, calls) : convertNode(proto, inputs, sets, conversion, calls);
    for (const [i, name] of proto.output.entries()) {
      const output = outputs[i];
      if (name === "") continue;
      if (output === undefined)
        throw new VintnerError("UNSUPPORTED", {
          what: `output ${i} ("${name}") is not supported`,
          where: describe(proto, conversion.source.file),
        });
      values.set(name, output);
    }
  }
}

const describe = (proto: NodeProto, file: string): string => `${proto.opType} "${proto.name || proto.output[0]}" (${file})`;

function readValue(values: Values, name: string, proto: NodeProto, file: string): Output {
  const output = values.get(name);
  if (output) return output;
  throw new VintnerError("INVALID_MODEL", {
    what: `nothing makes its input "${name}"`,
    where: describe(proto, file),
    expected: "a graph input, an initializer or another node's output",
  });
}

function convertNode(
  proto: NodeProto,
  inputs: readonly (Output | undefined)[],
  sets: OperatorSets,
  { source }: Conversion,
  calls: readonly string[],
): readonly (Output | undefined)[] {
  const opset = sets.versionOf(proto.domain);
  const mapping = findMapping(proto.domain, proto.opType, opset);
  invariant(mapping !== undefined, `operator ${proto.opType} was not checked`);
  const node = new OnnxNode({ proto, inputs, opset, source });
  try {
    const result = mapping(node);
    const outputs = Array.isArray(result) ? (result as readonly (Output | undefined)[]) : [result as Output];
    nameOutputs(node, outputs, calls);
    return outputs;
  } catch (error) {
    // What an operation of OpenVINO found wrong is said of the node that the user knows.
    if (!(error instanceof VintnerError) || error.details.where === node.where) throw error;
    const code = error.code === "INVALID_ARGUMENT" ? "INVALID_MODEL" : error.code;
    throw new VintnerError(code, { ...error.details, where: node.where }, { cause: error });
  }
}

/** Spells out a call of a model's own function. */
function convertCall(
  called: FunctionProto,
  proto: NodeProto,
  inputs: readonly (Output | undefined)[],
  conversion: Conversion,
  calls: readonly string[],
): readonly (Output | undefined)[] {
  const { source } = conversion;
  if (calls.length >= maxCalls)
    throw new VintnerError("INVALID_MODEL", {
      what: `functions call each other more than ${maxCalls} deep`,
      where: describe(proto, source.file),
    });
  if (inputs.length > called.input.length)
    throw new VintnerError("INVALID_MODEL", {
      what: "the function takes fewer inputs",
      where: describe(proto, source.file),
      expected: `${called.input.length}`,
      got: `${inputs.length}`,
    });
  const values = new Values([], source);
  for (const [i, output] of inputs.entries()) if (output) values.set(called.input[i], output);
  const omitted = new Set(called.input.filter((_, i) => inputs[i] === undefined));
  const attributes = new Map([...called.attributeProto, ...proto.attribute].map((a) => [a.name, a]));
  const body = called.node.map((inner) =>
    Object.assign(create(NodeProtoSchema), inner, {
      input: inner.input.map((name) => (omitted.has(name) ? "" : name)),
      attribute: inner.attribute.flatMap((a) => (a.refAttrName === "" ? [a] : bind(a, attributes))),
    }),
  );
  convertNodes(body, new OperatorSets(called.opsetImport), values, conversion, [...calls, proto.name || proto.output[0]]);
  return called.output.map((name, i) => {
    const output = values.get(name);
    const outer = proto.output[i] ?? "";
    if (output && outer !== "" && calls.length === 0) output.names.add(outer);
    return output;
  });
}

/** An attribute of a function's body that takes its value from the call; left out where the call leaves it out. */
function bind(inner: AttributeProto, given: ReadonlyMap<string, AttributeProto>): AttributeProto[] {
  const value = given.get(inner.refAttrName);
  return value === undefined ? [] : [Object.assign(create(AttributeProtoSchema), value, { name: inner.name })];
}
