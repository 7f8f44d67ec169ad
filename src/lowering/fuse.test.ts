import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import { topologicalOrder } from "../model/topological-order.ts";
import type { Output } from "../model/output.ts";
import { countParts, formatScalar, type ScalarExpression } from "../model/scalar-expression.ts";
import { opset } from "../opset.ts";
import { evaluateScalar } from "../ops/evaluate-scalar.ts";
import { Tensor } from "../tensor/tensor.ts";
import { machineScalar } from "./machine-scalar.ts";
import { fuse, type Group, isElementwise } from "./fuse.ts";

const modelOf = (...outputs: readonly Node[]): Model => {
  const parameters = topologicalOrder(outputs).filter((n) => n.type === "Parameter");
  return new Model({ name: "test", parameters, results: outputs.map((o, i) => opset.result(o, `y${i}`)) });
};
const softmaxTakes = (node: Node): boolean => node.type === "Softmax";
const anchorless = (): boolean => false;
const typesOf = (groups: readonly Group[]): string[] => groups.map((g) => g.nodes.map((n) => n.type).join(" "));
const parameter = (name: string, shape: readonly number[] = [2, 3]): Node => opset.parameter("f32", shape, name);
const softmax = (x: Node): Node => opset.softmax(x, { axis: 1 });

const evaluate = (expression: ScalarExpression, inputs: readonly number[]): number =>
  Number(
    evaluateScalar(
      expression,
      inputs.map((v) => new Tensor("f32", [], [v])),
      "f32",
    ).data[0],
  );
/** Some number for what an operation that is not element-wise gives. */
const anchorValue = (inputs: readonly number[]): number => inputs.reduce((sum, v, i) => sum + v * (0.3 + i), 0.1);
const valuesOfBorders = (model: Model): Map<Output, number> => {
  const values = new Map<Output, number>(model.inputs.map((o, i) => [o, (i + 1) / 7]));
  for (const node of model.nodes()) if (node.type === "Constant") values.set(node.outputs[0], Number(node.outputs[0].constant?.data[0]));
  return values;
};
const take = (values: ReadonlyMap<Output, number>, outputs: readonly Output[]): number[] =>
  outputs.map((o) => {
    const value = values.get(o);
    if (value === undefined) throw new Error(`${o.node.where} is used before it is computed`);
    return value;
  });

/** Runs groups in their order; throws where one uses what is not there yet. */
function valueByGroups(model: Model, groups: readonly Group[]): number {
  const values = valuesOfBorders(model);
  for (const { anchor, expression, inputs, output } of groups) {
    const first = anchor ? [anchorValue(take(values, anchor.inputs))] : [];
    values.set(output, expression ? evaluate(expression, [...first, ...take(values, inputs)]) : (first[0] as number));
  }
  return take(values, model.results[0].inputs)[0];
}

function valueByNodes(model: Model): number {
  const values = valuesOfBorders(model);
  for (const node of model.nodes()) {
    if (node.op.role !== undefined) continue;
    const inputs = take(values, node.inputs);
    values.set(node.outputs[0], isElementwise(node) ? evaluate(machineScalar(node) as ScalarExpression, inputs) : anchorValue(inputs));
  }
  return take(values, model.results[0].inputs)[0];
}

/** Graphs of element-wise operations and softmaxes over eight parameters, one of them a row, and a constant. */
const arbitrarySteps = fc.array(
  fc.record({ kind: fc.nat({ max: 6 }), a: fc.nat({ max: 11 }), b: fc.nat({ max: 11 }), c: fc.nat({ max: 11 }) }),
  {
    minLength: 1,
    maxLength: 20,
  },
);
function modelOfSteps(steps: readonly { kind: number; a: number; b: number; c: number }[]): Model {
  const nodes: Node[] = Array.from({ length: 8 }, (_, i) => parameter(`x${i}`, i === 7 ? [1, 3] : [2, 3]));
  nodes.push(opset.constant("f32", [0.25]));
  for (const { kind, a, b, c } of steps) {
    // The newest ones mostly, so that chains grow.
    const at = (n: number): Node => nodes[Math.max(0, nodes.length - 1 - n)];
    const makers = [
      () => opset.add(at(a), at(b)),
      () => opset.multiply(at(a), at(b)),
      () => opset.maximum(at(a), at(b)),
      () => opset.sigmoid(at(a)),
      () => opset.select(opset.less(at(a), at(b)), at(b), at(c)),
      () => softmax(opset.add(at(a), nodes[0])),
      () => softmax(opset.add(at(b), nodes[1])),
    ];
    nodes.push((makers[kind] as () => Node)());
  }
  return modelOf(nodes[nodes.length - 1]);
}

describe("fuse", () => {
  test.each([
    ["with epilogues", softmaxTakes],
    ["without", anchorless],
  ])("computes what the model does, each operation once, in an order that works, %s", (_, takes) => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const model = modelOfSteps(steps);
        const groups = fuse(model, takes);
        const fused = groups.flatMap((g) => g.nodes);
        const wanted = model.nodes().filter((n) => n.op.role === undefined);
        expect(fused.length).toBe(wanted.length);
        expect(wanted.every((n) => fused.includes(n))).toBe(true);
        expect(valueByGroups(model, groups)).toBeCloseTo(valueByNodes(model), 5);
      }),
      { numRuns: 200 },
    );
  });

  test("makes a chain behind an operation its epilogue", () => {
    const y = opset.relu(opset.add(softmax(parameter("x")), parameter("bias", [1, 3])));
    const groups = fuse(modelOf(y), softmaxTakes);
    expect(typesOf(groups)).toEqual(["Softmax Add Relu"]);
    expect(groups[0].anchor?.type).toBe("Softmax");
    expect(groups[0].inputs.map((i) => i.anyName)).toEqual(["bias"]);
    expect(formatScalar(groups[0].expression as ScalarExpression)).toMatch(/x0.*x1/);
    expect(typesOf(fuse(modelOf(y), anchorless))).toEqual(["Softmax", "Add Relu"]);
  });

  test("keeps what several operations read", () => {
    const shared = opset.sin(parameter("x"));
    expect(typesOf(fuse(modelOf(opset.add(opset.relu(shared), opset.sqrt(shared))), anchorless))).toEqual(["Sin", "Relu Sqrt Add"]);
  });

  test("keeps what grows by broadcasting: it would be computed again for each row", () => {
    expect(typesOf(fuse(modelOf(opset.add(opset.sin(parameter("row", [1, 3])), parameter("x"))), anchorless))).toEqual(["Sin", "Add"]);
  });

  test("gives an addition of two anchors to one of them", () => {
    const groups = fuse(modelOf(opset.add(softmax(parameter("a")), softmax(parameter("b")))), softmaxTakes);
    expect(typesOf(groups)).toEqual(["Softmax", "Softmax Add"]);
  });

  test("continues an anchor's group rather than another where both together would read too many inputs", () => {
    const sum = (names: string, first: Node): Node => [...names].reduce((y, name) => opset.add(y, parameter(name)), first);
    const y = opset.multiply(sum("bcde", parameter("a")), sum("fgh", softmax(parameter("x"))));
    const model = modelOf(y);
    const groups = fuse(model, softmaxTakes);
    expect(typesOf(groups)).toEqual(["Add Add Add Add", "Softmax Add Add Add Multiply"]);
    expect(groups[1].anchor?.type).toBe("Softmax");
    expect(valueByGroups(model, groups)).toBeCloseTo(valueByNodes(model), 5);
  });

  test("writes numbers into the expression", () => {
    const [group] = fuse(modelOf(opset.multiply(parameter("x"), opset.constant("f32", [2], [1, 1]))), anchorless);
    expect(group.inputs.length).toBe(1);
    expect(formatScalar(group.expression as ScalarExpression)).toContain("2");
  });

  test("grows linearly where operations take the same output twice", () => {
    let y = opset.sin(parameter("x"));
    for (let i = 0; i < 60; i++) y = opset.multiply(y, y);
    const [group] = fuse(modelOf(y), anchorless);
    const seen = new Set<ScalarExpression>();
    const visit = (e: ScalarExpression): void => {
      if (seen.has(e)) return;
      seen.add(e);
      if (e.kind === "binary") [e.a, e.b].forEach(visit);
      else if (e.kind === "unary") visit(e.x);
    };
    visit(group.expression as ScalarExpression);
    expect(seen.size).toBe(62);
  });

  test("cuts a chain of any length, in time that grows with its length", () => {
    let y = opset.sin(parameter("x"));
    for (let i = 0; i < 20_000; i++) y = i % 2 === 0 ? opset.sin(y) : opset.add(y, y);
    const groups = fuse(modelOf(y), anchorless);
    expect(groups.length).toBeGreaterThan(50);
    expect(groups.reduce((n, g) => n + g.nodes.length, 0)).toBe(20_001);
    for (const g of groups) expect(countParts(g.expression as ScalarExpression)).toBeLessThan(200);
  });

  test("leaves wide integers and PaddlePaddle's broadcasting alone", () => {
    const i = opset.parameter("i64", [2, 3], "i");
    expect(isElementwise(opset.add(i, i))).toBe(false);
    const x = parameter("x");
    expect(isElementwise(opset.add(x, x, { auto_broadcast: "pdpd" }))).toBe(false);
    expect(isElementwise(opset.add(x, x))).toBe(true);
    expect(isElementwise(opset.less(x, x))).toBe(true);
    expect(isElementwise(opset.asin(x))).toBe(false);
  });
});
