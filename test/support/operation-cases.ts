import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { AttributeValue } from "../../src/model/attribute.ts";
import { node as makeNode, type Node } from "../../src/model/node.ts";
import type { Opset } from "../../src/model/operation.ts";
import { constantNode } from "../../src/ops/infrastructure/constant.ts";
import { parameter } from "../../src/ops/infrastructure/parameter.ts";
import { findOperation } from "../../src/ops/registry.ts";
import { symbolic } from "../../src/tensor/dimension.ts";
import { type ElementType, isFloat } from "../../src/tensor/element-type.ts";
import { PartialShape } from "../../src/tensor/partial-shape.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../../src/tensor/tensor-numbers.ts";

interface CaseTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
  /** Inputs that the model gives as constants: axes, lengths. */
  readonly constant?: boolean;
}

/** One operation with small inputs and the outputs that OpenVINO 2026.4 gives for them on its CPU. */
interface OperationCase {
  /** Type, with the opset's number appended where it is not 1; types that end in a number have it in `opset`. */
  readonly op: string;
  readonly opset?: number;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly inputs: readonly CaseTensor[];
  readonly outputs: readonly CaseTensor[];
}

/** 64-bit integers may be written as text. */
const tensorOf = ({ type, shape, data }: CaseTensor): Tensor => {
  if (type === "i64") return new Tensor(type, shape, BigInt64Array.from(data, BigInt));
  if (type === "u64") return new Tensor(type, shape, BigUint64Array.from(data, BigInt));
  return tensorOfNumbers(type, shape, data.map(Number));
};

function build(item: OperationCase, shapeOf: (input: CaseTensor, i: number) => PartialShape): Node {
  const { op, attributes, inputs } = item;
  const [, type = op, opset = ""] = (item.opset === undefined && /^(\D+)(\d*)$/.exec(op)) || [];
  const definition = findOperation(type, `opset${item.opset ?? (opset || 1)}` as Opset);
  if (definition === undefined) throw new Error(`there is no operation ${op}`);
  const outputs = inputs.map((input, i) =>
    input.constant ? constantNode(tensorOf(input)).outputs[0] : parameter(input.type, shapeOf(input, i), `x${i}`).outputs[0],
  );
  return makeNode(definition, outputs, attributes);
}

/** Registers tests for all cases of a file: inference of static and of dynamic shapes, and evaluation. */
export function testOperationCases(file: URL, tolerance = 2e-6): void {
  const cases = JSON.parse(readFileSync(file, "utf8")) as readonly OperationCase[];
  for (const [i, item] of cases.entries())
    test(`${i} ${item.op} ${JSON.stringify(item.attributes)}`, () => {
      const node = build(item, (input) => new PartialShape(input.shape));
      const got = node.op.evaluate?.({
        node,
        inputs: item.inputs.map(tensorOf),
        attributes: node.attributes,
        outputs: node.outputs,
      }) as readonly Tensor[];
      const symbols = build(item, (input, k) => new PartialShape(input.shape.map((_, axis) => symbolic(`x${k}_${axis}`))));
      const unknownRank = build(item, () => PartialShape.dynamic);
      expect(got.map((t) => `${t.elementType}[${t.shape}]`)).toEqual(item.outputs.map((o) => `${o.type}[${o.shape}]`));
      for (const [k, expected] of item.outputs.entries()) {
        for (const built of [node, symbols, unknownRank]) {
          expect(built.outputs[k].elementType).toBe(expected.type);
          expect(built.outputs[k].partialShape.accepts(expected.shape), String(built.outputs[k])).toBe(true);
        }
        compare(got[k], expected, tolerance);
      }
    });
}

/** Integers are equal, floats within `tolerance` of the output's range. */
function compare(got: Tensor, expected: CaseTensor, tolerance: number): void {
  const exact = tensorOf(expected).data;
  if (exact instanceof BigInt64Array || exact instanceof BigUint64Array) return expect(got.data).toEqual(exact);
  const wanted = Array.from(tensorNumbers(tensorOf(expected)));
  const numbers = tensorNumbers(got);
  const range = wanted.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1e-3);
  const allowed = isFloat(expected.type) ? tolerance * range : 0;
  for (const [i, x] of wanted.entries())
    if (!Object.is(x, numbers[i]) && !(Math.abs(x - numbers[i]) <= allowed))
      expect.fail(`element ${i} is ${numbers[i]}, OpenVINO gives ${x}: ${[...numbers].slice(0, 40)} for ${wanted.slice(0, 40)}`);
}
