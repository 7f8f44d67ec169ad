import { describe, expect, test } from "vitest";
import { evaluateModel } from "../../../test/support/evaluate-model.ts";
import { thrownBy } from "../../common/thrown-error.fixture.ts";
import type { Body } from "../../model/body.ts";
import { cloneModel } from "../../model/clone.ts";
import type { Model } from "../../model/model.ts";
import { Node } from "../../model/node.ts";
import { printModel } from "../../model/print-model.ts";
import { reshapeModel } from "../../model/reshape.ts";
import { verifyModel } from "../../model/verify.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { Add } from "../elementwise/add.ts";
import { Multiply } from "../elementwise/multiply.ts";
import { Relu } from "../elementwise/relu.ts";
import { constant } from "../infrastructure/constant.ts";
import { Concat } from "../movement/concat.ts";
import { apply, branches, growingLoop, input, modelOf, runningSum, scaledLoop } from "./bodies.fixture.ts";
import { If8 } from "./if.ts";
import { mostIterations } from "./iterations.ts";
import { Loop5 } from "./loop.ts";

const tensor = (values: number | readonly number[], shape?: readonly number[], type: ElementType = "f32"): Tensor => {
  const list = typeof values === "number" ? [values] : values;
  return new Tensor(type, shape ?? (typeof values === "number" ? [] : [list.length]), list);
};
const truth = (value: boolean): Tensor => tensor(Number(value), [], "boolean");
const run = (model: Model, ...inputs: readonly Tensor[]): { shape: readonly number[]; values: number[] }[] =>
  evaluateModel(model, inputs).map(({ shape, data }) => ({ shape, values: Array.from(data as Float32Array, Number) }));
const shapes = (node: Node): string[] => node.outputs.map((o) => String(o.partialShape));

describe("If", () => {
  const choice = (): { node: Node; model: Model } => {
    const [condition, x] = [input("c", "[]", "boolean"), input("x", "[2]")];
    const node = branches(
      condition,
      [x],
      ([p]) => [apply(Add, [p, p])],
      ([p]) => [apply(Concat, [p, apply(Multiply, [p, p])], { axis: 0 })],
    );
    return { node, model: modelOf([condition, x], node.outputs) };
  };

  test("runs the branch that its condition names", () => {
    const { model } = choice();
    expect(run(model, truth(true), tensor([1, 3]))).toEqual([{ shape: [2], values: [2, 6] }]);
    expect(run(model, truth(false), tensor([1, 3]))).toEqual([{ shape: [4], values: [1, 3, 1, 9] }]);
  });

  test("has the shapes of both branches, or of the one where the condition is known", () => {
    expect(shapes(choice().node)).toEqual(["[2..4]"]);
    const known = branches(
      constant("boolean", 0),
      [input("x", "[2]")],
      ([p]) => [p],
      ([p]) => [apply(Concat, [p, p], { axis: 0 })],
    );
    expect(shapes(known)).toEqual(["[4]"]);
  });

  test("takes its parameters' shapes from outside, also deep inside", () => {
    const [condition, x] = [input("c", "[]", "boolean"), input("x", "[?,3]")];
    const outer = branches(
      condition,
      [condition, x],
      ([c, p]) => [
        branches(
          c,
          [p],
          ([q]) => [apply(Relu, [q])],
          ([q]) => [apply(Add, [q, q])],
        ).outputs[0],
      ],
      ([, p]) => [p],
    );
    const model = modelOf([condition, x], outer.outputs);
    const fixed = reshapeModel(model, new Map([["x", PartialShape.parse("[5,3]")]]));
    verifyModel(fixed);
    expect(String(fixed.outputs[0].partialShape)).toBe("[5,3]");
    expect(String(model.outputs[0].partialShape)).toBe("[?,3]");
    const [nested] = fixed.results[0].inputs[0].node.bodies[0].model.nodes().filter((n) => n.op === If8);
    expect(String(nested.bodies[1].model.outputs[0].partialShape)).toBe("[5,3]");
    expect(run(fixed, truth(true), tensor(new Array<number>(15).fill(-1), [5, 3]))[0].values).toEqual(new Array<number>(15).fill(0));
  });

  test("refuses branches that do not fit together, and conditions of several elements", () => {
    const [condition, x] = [input("c", "[2]", "boolean"), input("x", "[2]")];
    const same = ([p]: readonly Node["outputs"][number][]): Node["outputs"][number][] => [p];
    expect(thrownBy(() => branches(condition, [x], same, same)).message).toContain("the condition must be one element");
    const single = input("c", "[1]", "boolean");
    expect(thrownBy(() => branches(single, [x], same, () => [constant("i32", [1, 2])])).message).toContain("another element type");
    expect(thrownBy(() => branches(single, [x], same, () => [])).message).toContain("different numbers of outputs");
  });
});

describe("Loop", () => {
  const loop = (trips: number, limit?: number, goesOn = true): { node: Node; model: Model } => {
    const [x, k] = [input("x", "[1,2]"), input("k", "[2]")];
    const node = scaledLoop(constant("i64", trips), constant("boolean", Number(goesOn)), x, k, limit);
    return { node, model: modelOf([x, k], node.outputs) };
  };
  const inputs = [tensor([1, 2], [1, 2]), tensor([2, 3])];

  test("hands results to the next iteration and joins those of all", () => {
    const expected = [
      { shape: [1, 2], values: [12, 59] },
      { shape: [3, 2], values: [2, 6, 5, 19, 12, 59] },
    ];
    expect(run(loop(3).model, ...inputs)).toEqual(expected);
    // the condition ends it
    expect(run(loop(100, 3).model, ...inputs)).toEqual(expected);
    expect(run(loop(-1, 3).model, ...inputs)).toEqual(expected);
  });

  test("gives what came in, and nothing, where it never runs", () => {
    const expected = [
      { shape: [1, 2], values: [1, 2] },
      { shape: [0, 2], values: [] },
    ];
    expect(run(loop(0).model, ...inputs)).toEqual(expected);
    expect(run(loop(5, 1000, false).model, ...inputs)).toEqual(expected);
  });

  test("knows its shapes where the number of iterations is known", () => {
    expect(shapes(loop(5, 1000, false).node)).toEqual(["[1,2]", "[0,2]"]);
    // the body's condition is computed
    expect(shapes(loop(5).node)).toEqual(["[1,2]", "[?,2]"]);
  });

  test("finds the shapes that a growing state can have", () => {
    const [trips, x, y] = [input("n", "[]", "i64"), input("x", "[1,2]"), input("y", "[3,2]")];
    const node = growingLoop(trips, x, y);
    expect(shapes(node)).toEqual(["[1..,2]"]);
    const model = modelOf([trips, x, y], node.outputs);
    verifyModel(model);
    expect(
      run(model, tensor(2, [], "i64" as ElementType), tensor([1, 2], [1, 2]), tensor(new Array<number>(6).fill(0), [3, 2]))[0].shape,
    ).toEqual([7, 2]);
  });

  test("ends one that has no end", () => {
    const x = input("x", "[]");
    const body: Body = {
      model: modelOf([input("x", "[]")], [constant("boolean", 1)]),
      inputs: [{ kind: "invariant", parameter: 0, input: 2 }],
      outputs: [],
      condition: 0,
    };
    const node = new Node(Loop5, [constant("i64", -1), constant("boolean", 1), x], {}, { bodies: [body] });
    const control = Loop5.control?.({ node, inputs: [tensor(-1, [], "i64"), truth(true), tensor(1)], attributes: {}, outputs: [] });
    let steps = 0;
    const error = thrownBy(() => {
      for (let next = control?.next([]); next?.done === false; next = control?.next([truth(true)])) steps++;
    });
    expect([error.code, steps]).toEqual(["UNSUPPORTED", mostIterations]);
    expect(error.message).toContain("the loop does not end");
  });
});

describe("TensorIterator", () => {
  const x = tensor([1, 2, 3, 10, 20, 30], [2, 3]);
  const h = tensor([100, 1000], [2, 1]);
  const sum = (backwards: boolean): { node: Node; model: Model } => {
    const [a, b] = [input("x", "[2,?]"), input("h", "[2,1]")];
    const node = runningSum(a, b, backwards);
    return { node, model: modelOf([a, b], node.outputs) };
  };

  test("walks over its sliced input forwards and backwards", () => {
    expect(run(sum(false).model, x, h)).toEqual([
      { shape: [2, 1], values: [106, 1060] },
      { shape: [2, 3], values: [101, 103, 106, 1010, 1030, 1060] },
    ]);
    expect(run(sum(true).model, x, h)).toEqual([
      { shape: [2, 1], values: [106, 1060] },
      { shape: [2, 3], values: [106, 105, 103, 1060, 1050, 1030] },
    ]);
  });

  test("keeps the length of the axis that it walks along, also as a symbol", () => {
    expect(shapes(sum(true).node)).toEqual(["[2,1]", "[2,?]"]);
    const fixed = reshapeModel(sum(false).model, new Map([["x", PartialShape.parse("[2,7]")]]));
    expect(fixed.outputs.map((o) => String(o.partialShape))).toEqual(["[2,1]", "[2,7]"]);
  });
});

describe("bodies", () => {
  test("are copied with their node", () => {
    const [condition, x] = [input("c", "[]", "boolean"), input("x", "[2]")];
    const node = branches(
      condition,
      [x],
      ([p]) => [p],
      ([p]) => [apply(Relu, [p])],
    );
    const copy = cloneModel(modelOf([condition, x], node.outputs));
    const [made] = copy.nodes().filter((n) => n.op === If8);
    expect(made.bodies[0].model).not.toBe(node.bodies[0].model);
    expect(made.bodies[0].model.nodes().some((n) => node.bodies[0].model.nodes().includes(n))).toBe(false);
    expect(made.bodies[0].inputs).toEqual(node.bodies[0].inputs);
  });

  test("are printed below their node", () => {
    const [x, k] = [input("x", "[1,2]"), input("k", "[2]")];
    const text = printModel(modelOf([x, k], scaledLoop(constant("i64", 3), constant("boolean", 1), x, k).outputs));
    expect(text).toContain("\n  body (x: input 2, then result 1; k: input 3; i: iteration) -> ");
    expect(text).toContain("0: result 1; 1: result 1 of all iterations on axis 0, 0 to -1 by 1; while result 0\n    %0 = Parameter");
  });

  const wrong: readonly [what: string, change: (body: Body) => Body][] = [
    ["names input 1", (body) => ({ ...body, inputs: [{ kind: "invariant", parameter: 0, input: 1 }, ...body.inputs.slice(1)] })],
    ["names input 9", (body) => ({ ...body, inputs: [{ kind: "invariant", parameter: 0, input: 9 }, ...body.inputs.slice(1)] })],
    ["names parameter 5", (body) => ({ ...body, inputs: [...body.inputs, { kind: "iteration", parameter: 5 }] })],
    ["gives parameter 0 two values", (body) => ({ ...body, inputs: [...body.inputs, { kind: "iteration", parameter: 0 }] })],
    ['gives parameter "x" no value', (body) => ({ ...body, inputs: body.inputs.slice(1) })],
    ["names result 7", (body) => ({ ...body, condition: 7 })],
    ["names output 2", (body) => ({ ...body, outputs: [{ kind: "last", result: 0, output: 2 }, ...body.outputs.slice(1)] })],
    [
      "a stride of the part's size",
      (body) => ({
        ...body,
        inputs: [...body.inputs.slice(1), { kind: "sliced", parameter: 1, input: 2, axis: 0, start: 0, end: -1, stride: 2, partSize: 1 }],
      }),
    ],
  ];
  test.each(wrong)("of a port map that %s are refused", (what, change) => {
    const [x, k] = [input("x", "[1,2]"), input("k", "[2]")];
    const node = scaledLoop(constant("i64", 3), constant("boolean", 1), x, k);
    const error = thrownBy(() => new Node(Loop5, node.inputs, {}, { bodies: [change(node.bodies[0])] }));
    expect([error.code, error.message]).toEqual(["INVALID_MODEL", expect.stringContaining(what)]);
  });

  test("are refused where they are too deep", () => {
    const condition = input("c", "[]", "boolean");
    let make = (x: Node["outputs"][number]): Node["outputs"][number] => apply(Relu, [x]);
    for (let i = 0; i < 17; i++) {
      const inner = make;
      make = (x) =>
        branches(
          condition.node.outputs[0] === x ? x : constant("boolean", 1),
          [x],
          ([p]) => [inner(p)],
          ([p]) => [p],
        ).outputs[0];
    }
    expect(thrownBy(() => make(input("x", "[2]"))).message).toContain("too deep");
  });
});
