import { Model } from "../../src/model/model.ts";
import { node } from "../../src/model/node.ts";
import type { AttributeValue } from "../../src/model/attribute.ts";
import type { Output } from "../../src/model/output.ts";
import { constantNode } from "../../src/ops/infrastructure/constant.ts";
import { parameter } from "../../src/ops/infrastructure/parameter.ts";
import { result } from "../../src/ops/infrastructure/result.ts";
import { findOperation } from "../../src/ops/registry.ts";
import { shapeSize } from "../../src/common/shape.ts";
import { type ElementType, elementTypes, isFloat, isInteger } from "../../src/tensor/element-type.ts";
import { PartialShape } from "../../src/tensor/partial-shape.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { tensorOfNumbers } from "../../src/tensor/tensor-numbers.ts";

/** A tensor of the model in the making, and what is known of its values. */
export interface Value {
  readonly output: Output;
  /** No rounding has happened: equal on every device, so that comparisons and roundings of it are too. */
  readonly exact: boolean;
  /** No magnitude above it. */
  readonly bound: number;
}

export const inputTypes: readonly ElementType[] = [
  "f32",
  "f32",
  "f32",
  "i32",
  "i64",
  "u8",
  "boolean",
  "i8",
  "f16",
  "bf16",
  "u16",
  "i16",
  "u32",
  "u64",
  "f64",
];

/** Lengths of dimensions: around the lanes of every target, and nothing at all. */
export const lengths: readonly number[] = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 0];

/** Most elements of a tensor: REFERENCE evaluates all of them in JavaScript, many times. */
const mostElements = 6000;
/** Magnitudes beyond which values take no further part in arithmetic: sums and products stay inside of every type's exact range. */
export const mostBound = 1e5;

/** Numbers between -1 and 1, the same for the same seed. */
function seededNumbers(count: number, seed: number): Float64Array {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  return Float64Array.from({ length: count }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1);
}

/** Numbers of a type: halves and wholes that every float type holds exactly, integers of the type's range. */
export function seededTensor(type: ElementType, shape: readonly number[], seed: number): Tensor {
  const numbers = seededNumbers(shapeSize(shape), seed);
  const { kind } = elementTypes[type];
  const scaled = Float64Array.from(numbers, (n) =>
    kind === "boolean"
      ? Number(n > 0)
      : kind === "unsigned"
        ? Math.floor((n + 1) * (type === "u8" ? 127 : 500))
        : kind === "signed"
          ? Math.round(n * (type === "i8" ? 100 : 500))
          : Math.round(n * 16) / 8,
  );
  return tensorOfNumbers(type, shape, Array.from(scaled));
}

/** Largest magnitude that `seededTensor` gives. */
export const boundOf = (type: ElementType): number => (isFloat(type) ? 2 : type === "boolean" ? 1 : type === "u8" ? 254 : 1000);

/** A model in the making. */
export class ModelDraft {
  readonly values: Value[] = [];
  readonly parameters: ReturnType<typeof parameter>[] = [];
  readonly #constants: Tensor[] = [];
  #seed = 1;

  addInput(element: ElementType, shape: readonly number[]): void {
    const made = parameter(element, new PartialShape(fitShape(shape)), `x${this.parameters.length}`);
    this.parameters.push(made);
    this.values.push({ output: made.outputs[0], exact: true, bound: boundOf(element) });
  }

  /** Takes values over, as long as they are small enough for what follows. */
  add(values: readonly Value[]): void {
    for (const value of values)
      if (value.output.partialShape.isStatic && shapeSize(value.output.shape) <= mostElements && value.bound <= 1e12)
        this.values.push(value);
  }

  /** What becomes the model's outputs: every value that nothing reads, and some that others read too. */
  get outputs(): readonly Value[] {
    const read = new Set(this.values.flatMap((v) => v.output.node.inputs));
    const computed = this.values.filter((v) => v.output.node.op.role !== "parameter");
    return computed.length === 0 ? this.values : computed.filter((v, i) => !read.has(v.output) || i % 4 === 3);
  }

  model(): Model {
    const results = this.outputs.map((v, i) => result(v.output, `y${i}`));
    return new Model({ name: "random", parameters: this.parameters, results });
  }

  inputs(): Tensor[] {
    return this.parameters.map((p, i) => seededTensor(p.outputs[0].elementType, p.outputs[0].shape, 1000 + i));
  }

  /** A value among those that fit, by a drawn number; undefined where none does. */
  pick(drawn: number, fits: (value: Value) => boolean): Value | undefined {
    const fitting = this.values.filter(fits);
    return fitting.length === 0 ? undefined : fitting[fitting.length - 1 - (drawn % fitting.length)];
  }

  /** Constant numbers. Now and then the data of an earlier constant under another shape: layers that share their weights. */
  constant(type: ElementType, shape: readonly number[], drawn: number): Output {
    const size = shapeSize(shape);
    const shared = drawn % 3 === 0 ? this.#constants.find((t) => t.elementType === type && t.size === size) : undefined;
    const tensor = shared ? shared.reshaped(shape) : seededTensor(type, shape, this.#seed++);
    this.#constants.push(tensor);
    return constantNode(tensor).outputs[0];
  }

  integers(values: readonly number[], shape: readonly number[] = [values.length]): Output {
    return constantNode(tensorOfNumbers("i64", shape, values)).outputs[0];
  }

  apply(type: string, inputs: readonly Output[], attributes: Readonly<Record<string, AttributeValue>> = {}): readonly Output[] {
    const op = findOperation(type, "opset16");
    if (op === undefined) throw new Error(`there is no operation ${type}`);
    return node(op, inputs, attributes).outputs;
  }
}

/** Cut to a number of elements that can be evaluated many times. */
function fitShape(shape: readonly number[]): number[] {
  const fitted = [...shape];
  for (let i = 0; shapeSize(fitted) > mostElements / 2; i = (i + 1) % fitted.length) fitted[i] = Math.ceil(fitted[i] / 2);
  return fitted;
}

export const isNumber = (type: ElementType): boolean => isFloat(type) || isInteger(type);
