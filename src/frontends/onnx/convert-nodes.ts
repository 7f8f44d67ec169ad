import { create } from "@bufbuild/protobuf";
import { invariant, VintnerError } from "../../common/errors.ts";
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  GraphProtoSchema,
  type NodeProto,
  NodeProtoSchema,
} from "../../formats/protobuf/generated/onnx_pb.ts";
import type { Output } from "../../model/output.ts";
import { nameOutputs } from "./name-outputs.ts";
import { OnnxNode } from "./onnx-node.ts";
import { type Functions, OperatorSets } from "./operator-sets.ts";
import { findMapping } from "./operators.ts";
import { sortNodes } from "./sort-nodes.ts";
import type { TensorSource } from "./tensor-from-proto.ts";
import { Values } from "./values.ts";

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
    const outputs = called
      ? convertCall(called, proto, inputs, conversion, calls)
      : convertNode(proto, inputs, { sets, values, conversion, calls });
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

/** Where a node stands. */
interface Scope {
  readonly sets: OperatorSets;
  readonly values: Values;
  readonly conversion: Conversion;
  readonly calls: readonly string[];
}

function convertNode(proto: NodeProto, inputs: readonly (Output | undefined)[], scope: Scope): readonly (Output | undefined)[] {
  const { sets, values, calls } = scope;
  const { source } = scope.conversion;
  const opset = sets.versionOf(proto.domain);
  const mapping = findMapping(proto.domain, proto.opType, opset);
  invariant(mapping !== undefined, `operator ${proto.opType} was not checked`);
  const node = new OnnxNode({
    proto,
    inputs,
    opset,
    source,
    values,
    convertGraph: (graph, inside) => convertGraph(graph, { ...scope, values: inside }),
  });
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

/** Converts the nodes of a sub-graph whose inputs are among the values already, and gives its outputs. */
function convertGraph(graph: GraphProto, { sets, values, conversion, calls }: Scope): Output[] {
  const { file } = conversion.source;
  if (calls.length >= maxCalls)
    throw new VintnerError("INVALID_MODEL", {
      what: `sub-graphs and functions are inside each other more than ${maxCalls} deep`,
      where: file,
    });
  convertNodes(graph.node, sets, values, conversion, calls);
  return graph.output.map(({ name }) => {
    const output = values.get(name);
    if (output === undefined)
      throw new VintnerError("INVALID_MODEL", { what: `nothing makes the output "${name}" of the sub-graph "${graph.name}"`, where: file });
    return output;
  });
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
    Object.assign(bindNode(inner, attributes), { input: inner.input.map((name) => (omitted.has(name) ? "" : name)) }),
  );
  convertNodes(body, new OperatorSets(called.opsetImport), values, conversion, [...calls, proto.name || proto.output[0]]);
  return called.output.map((name, i) => {
    const output = values.get(name);
    const outer = proto.output[i] ?? "";
    if (output && outer !== "" && calls.length === 0) output.names.add(outer);
    return output;
  });
}

/** A node of a function's body with the attributes of the call, those inside its sub-graphs too. */
function bindNode(inner: NodeProto, given: ReadonlyMap<string, AttributeProto>): NodeProto {
  const attribute = inner.attribute.flatMap((a) => {
    if (a.refAttrName !== "") return bind(a, given);
    if (a.g === undefined) return [a];
    const g = Object.assign(create(GraphProtoSchema), a.g, { node: a.g.node.map((n) => bindNode(n, given)) });
    return [Object.assign(create(AttributeProtoSchema), a, { g })];
  });
  return Object.assign(create(NodeProtoSchema), inner, { attribute });
}

/** An attribute of a function's body that takes its value from the call; left out where the call leaves it out. */
function bind(inner: AttributeProto, given: ReadonlyMap<string, AttributeProto>): AttributeProto[] {
  const value = given.get(inner.refAttrName);
  return value === undefined ? [] : [Object.assign(create(AttributeProtoSchema), value, { name: inner.name })];
}
