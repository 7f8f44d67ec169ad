import { VintnerError } from "../common/errors.ts";
import { shapeSize } from "../common/shape.ts";
import { replaceOutput } from "../model/rewire.ts";
import type { Model } from "../model/model.ts";
import { node, type Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import { Convert } from "../ops/elementwise/convert.ts";
import { constantNode } from "../ops/infrastructure/constant.ts";
import { parameter } from "../ops/infrastructure/parameter.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { tensorOfNumbers } from "../tensor/tensor-numbers.ts";
import { findPort, type Port } from "./find-port.ts";
import type { InputSpec } from "./parse-input.ts";

/**
 * Applies the `input` option, in place: gives inputs shapes and types, makes inner tensors inputs (and drops what is
 * before them), freezes inputs to values. The model's inputs come in the order of the option, then those it does not
 * name that are still read.
 */
export function cutInputs(model: Model, specs: readonly InputSpec[]): void {
  const places = specs.map((spec, i) => placeOf(model, spec, i));
  const named: Node[] = [];
  for (const [i, spec] of specs.entries()) {
    const port = places[i];
    const source = spec.value === undefined ? inputNode(port, spec) : frozen(port, spec, spec.value);
    if (spec.value === undefined) named.push(source);
    connect(model, port, withType(source.outputs[0], port.output));
  }
  const replaced = new Set(places.map((p) => p.output.node));
  const others = model.parameters.filter((p) => !replaced.has(p));
  model.parameters = named;
  model.parameters = [...named, ...model.nodes().filter((n) => n.op.role === "parameter" && others.includes(n))];
  model.validate();
}

function placeOf(model: Model, { name }: InputSpec, position: number): Port {
  if (name !== undefined) return findPort(model, name, "input");
  const parameter = model.parameters[position];
  if (parameter) return { output: parameter.outputs[0] };
  throw new VintnerError("INVALID_ARGUMENT", {
    what: `option "input" has more entries than the model has inputs`,
    where: `model "${model.name}"`,
    expected: `at most ${model.parameters.length}`,
    got: `${position + 1}`,
  });
}

function inputNode({ output, reader }: Port, { name, shape, type }: InputSpec): Node {
  const partialShape = shape ?? output.partialShape;
  const isInput = output.node.op.role === "parameter";
  const own = isInput ? output.node.friendlyName : (name ?? output.anyName);
  const names = reader && !isInput ? [own] : output.names.size > 0 ? [...output.names] : [own];
  const made = parameter(type ?? output.elementType, partialShape, own, names);
  for (const [key, value] of isInput ? output.node.rtInfo : []) made.rtInfo.set(key, value);
  for (const [key, value] of isInput ? output.rtInfo : []) made.outputs[0].rtInfo.set(key, value);
  return made;
}

function frozen({ output }: Port, { shape, type, name }: InputSpec, value: readonly number[]): Node {
  const elementType = type ?? output.elementType;
  const known = shape ?? output.partialShape;
  const lengths = known.isStatic
    ? known.toShape()
    : value.length === 1 && known.dimensions === undefined
      ? []
      : guessShape(known, value.length);
  const count = lengths && shapeSize(lengths);
  if (lengths === undefined || (count !== value.length && value.length !== 1))
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `the values to freeze ${JSON.stringify(name ?? output.anyName)} do not fill its shape`,
      expected: `${known}`,
      got: `${value.length} values`,
      hint: "Give the shape too, as in name[2]->[20 15]",
    });
  const filled = value.length === 1 ? new Array<number>(shapeSize(lengths)).fill(value[0]) : value;
  return constantNode(tensorOfNumbers(elementType, lengths, filled), { friendlyName: output.node.friendlyName });
}

/** A vector of unknown length takes as many values as there are; other unknown dimensions count as 1. */
function guessShape(shape: PartialShape, count: number): number[] | undefined {
  const dims = shape.dimensions ?? [-1];
  const open = dims.flatMap((d, i) => (typeof d === "number" && d >= 0 ? [] : [i]));
  const rest = dims.reduce<number>((n, d) => (typeof d === "number" && d >= 0 ? n * d : n), 1);
  if (open.length === 0 || count % rest !== 0) return undefined;
  return dims.map((d, i) => (typeof d === "number" && d >= 0 ? d : i === open.at(-1) ? count / rest : 1));
}

/** What follows gets the type that it had. */
function withType(source: Output, wanted: Output): Output {
  if (source.elementType === wanted.elementType || wanted.elementType === "dynamic") return source;
  return node(Convert, [source], { destination_type: wanted.elementType }).outputs[0];
}

function connect(model: Model, { output, reader }: Port, source: Output): void {
  if (reader) reader.node.setInput(reader.input, source);
  else replaceOutput(model, output, source);
}
