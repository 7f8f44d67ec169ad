import { describe, expect, test } from "vitest";
import { InterpreterEngine } from "../../kernel/interpreter-engine.ts";
import { add, formatScalar, input, max, mul, type ScalarExpression, sub } from "../../model/scalar-expression.ts";
import { opset } from "../../opset.ts";
import { ConstantPool } from "./constant-pool.ts";
import { LoweringContext } from "./lowering-context.ts";
import { splitBias } from "./split-bias.ts";

const engine = new InterpreterEngine();
const context = new LoweringContext(engine.target, 1, new ConstantPool(engine));
const x = opset.parameter("f32", [1, 3, 2, 2], "x").outputs[0];
const bias = opset.constant("f32", [1, 2, 3], [3, 1, 1]).outputs[0];
const one = opset.constant("f32", [5], [1, 1, 1]).outputs[0];
const perPixel = opset.constant("f32", [1, 2], [1, 1, 1, 2]).outputs[0];
const [x0, x1, x2] = [input(0), input(1), input(2)];

const split = (expression: ScalarExpression | undefined, inputs: readonly (typeof x)[]) => {
  const result = splitBias(context, { inputs, output: x, nodes: [], ...(expression && { expression }) }, 1);
  return { bias: result.bias && [...result.bias], text: result.expression && formatScalar(result.expression), inputs: result.inputs };
};

describe("splitBias", () => {
  test("takes an addition of channels out, on either side, and renumbers the inputs behind it", () => {
    expect(split(add(x0, x1), [bias])).toEqual({ bias: [1, 2, 3], text: undefined, inputs: [] });
    expect(split(max(add(x1, x0), 0), [bias])).toEqual({ bias: [1, 2, 3], text: "max(x0, 0)", inputs: [] });
    expect(split(mul(add(x0, x1), x2), [bias, x])).toEqual({ bias: [1, 2, 3], text: "mul(x0, x1)", inputs: [x] });
    expect(split(mul(add(x0, x2), x1), [x, bias])).toEqual({ bias: [1, 2, 3], text: "mul(x0, x1)", inputs: [x] });
  });

  test("takes every occurrence of the sum, as in x * sigmoid(x)", () => {
    const sum = add(x0, x1);
    expect(split(mul(sum, max(add(x0, x1), sum)), [bias])).toEqual({ bias: [1, 2, 3], text: "mul(x0, max(x0, x0))", inputs: [] });
  });

  test("repeats one number for all channels", () => {
    expect(split(add(x0, x1), [one]).bias).toEqual([5, 5, 5]);
  });

  test.each([
    ["another operation", sub(x0, x1), [bias]],
    ["sums that are used without the bias too", mul(add(x0, x1), x0), [bias]],
    ["a bias that is used without the sums too", mul(add(x0, x1), x1), [bias]],
    ["constants of other shapes", add(x0, x1), [perPixel]],
    ["what is not constant", add(x0, x1), [x]],
  ] as const)("leaves %s alone", (_, expression, inputs) => {
    expect(split(expression, inputs)).toEqual({ bias: undefined, text: formatScalar(expression), inputs });
  });

  test("of a group without an element-wise part is the group", () => {
    expect(split(undefined, [])).toEqual({ bias: undefined, text: undefined, inputs: [] });
  });
});
