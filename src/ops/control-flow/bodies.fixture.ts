import type { Body } from "../../model/body.ts";
import { Model } from "../../model/model.ts";
import { Node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Add } from "../elementwise/add.ts";
import { Convert } from "../elementwise/convert.ts";
import { Less } from "../elementwise/less.ts";
import { Multiply } from "../elementwise/multiply.ts";
import { constant } from "../infrastructure/constant.ts";
import { parameter } from "../infrastructure/parameter.ts";
import { result } from "../infrastructure/result.ts";
import { Concat } from "../movement/concat.ts";
import { Assign6 } from "../state/assign.ts";
import { ReadValue6 } from "../state/read-value.ts";
import { If8 } from "./if.ts";
import { Loop5 } from "./loop.ts";
import { TensorIterator } from "./tensor-iterator.ts";

/** Small models with bodies and state, for tests of everything that walks into them. */

export const input = (name: string, shape: string, type: ElementType = "f32"): Output =>
  parameter(type, PartialShape.parse(shape), name).outputs[0];

export const apply = (op: OperationDefinition, inputs: readonly Output[], attributes: ConstructorParameters<typeof Node>[2] = {}): Output =>
  new Node(op, inputs, attributes).outputs[0];

export const modelOf = (inputs: readonly Output[], outputs: readonly Output[], sinks: readonly Node[] = []): Model =>
  new Model({ name: "test", parameters: inputs.map((i) => i.node), results: outputs.map((o, i) => result(o, `result${i}`)), sinks });

/** An If of a condition and branches that take all of `inputs`, each with a parameter of its type. */
export function branches(
  condition: Output,
  inputs: readonly Output[],
  then: (x: Output[]) => Output[],
  otherwise: (x: Output[]) => Output[],
): Node {
  const body = (make: (x: Output[]) => Output[]): Body => {
    const own = inputs.map((o, i) => input(`p${i}`, String(o.partialShape), o.elementType));
    const outputs = make(own);
    return {
      model: modelOf(own, outputs),
      inputs: own.map((_, i) => ({ kind: "invariant", parameter: i, input: i + 1 })),
      outputs: outputs.map((_, i) => ({ kind: "last", result: i, output: i })),
    };
  };
  return new Node(If8, [condition, ...inputs], {}, { bodies: [body(then), body(otherwise)] });
}

/** x = x * k + i while i + 1 < limit, at most `trips` times; outputs: the last x, and all, joined on axis 0. */
export function scaledLoop(trips: Output, goesOn: Output, x: Output, k: Output, limit = 1000): Node {
  const [i, own, factor] = [input("i", "[]", "i64"), input("x", String(x.partialShape)), input("k", String(k.partialShape))];
  const next = apply(Add, [apply(Multiply, [own, factor]), apply(Convert, [i], { destination_type: "f32" })]);
  const more = apply(Less, [apply(Add, [i, constant("i64", 1)]), constant("i64", limit)]);
  const body: Body = {
    model: modelOf([i, own, factor], [more, next]),
    inputs: [
      { kind: "merged", parameter: 1, input: 2, result: 1 },
      { kind: "invariant", parameter: 2, input: 3 },
      { kind: "iteration", parameter: 0 },
    ],
    outputs: [
      { kind: "last", result: 1, output: 0 },
      { kind: "concatenated", result: 1, output: 1, axis: 0, start: 0, end: -1, stride: 1, partSize: 1 },
    ],
    condition: 0,
  };
  return new Node(Loop5, [trips, goesOn, x, k], {}, { bodies: [body] });
}

/** The running sum over axis 1 of x, from h on; `backwards` from the end. Outputs: the last sum, and all. */
export function runningSum(x: Output, h: Output, backwards = false): Node {
  const [part, sum] = [input("part", "[2,1]"), input("sum", "[2,1]")];
  const next = apply(Add, [part, sum]);
  const slices = backwards
    ? { axis: 1, start: -1, end: 0, stride: -1, partSize: 1 }
    : { axis: 1, start: 0, end: -1, stride: 1, partSize: 1 };
  const body: Body = {
    model: modelOf([part, sum], [next]),
    inputs: [
      { kind: "sliced", parameter: 0, input: 0, ...slices },
      { kind: "merged", parameter: 1, input: 1, result: 0 },
    ],
    outputs: [
      { kind: "last", result: 0, output: 0 },
      { kind: "concatenated", result: 0, output: 1, ...slices },
    ],
  };
  return new Node(TensorIterator, [x, h], {}, { bodies: [body] });
}

/** A loop whose state grows: x = concat(x, y) on axis 0. */
export function growingLoop(trips: Output, x: Output, y: Output): Node {
  const [own, more] = [input("x", String(x.partialShape)), input("y", String(y.partialShape))];
  const body: Body = {
    model: modelOf([own, more], [constant("boolean", 1), apply(Concat, [own, more], { axis: 0 })]),
    inputs: [
      { kind: "merged", parameter: 0, input: 2, result: 1 },
      { kind: "invariant", parameter: 1, input: 3 },
    ],
    outputs: [{ kind: "last", result: 1, output: 0 }],
    condition: 0,
  };
  return new Node(Loop5, [trips, constant("boolean", 1), x, y], {}, { bodies: [body] });
}

/** Adds up its input over inferences: y = sum + x, from 10 on. */
export function accumulator(): Model {
  const x = input("x", "[2]");
  const variable = { variable_id: "sum", variable_type: "f32", variable_shape: [2] } as const;
  const sum = apply(ReadValue6, [constant("f32", [10, 10])], variable);
  const next = apply(Add, [sum, x]);
  return modelOf([x], [next], [new Node(Assign6, [next], { variable_id: "sum" })]);
}
