import { describe, expect, it } from "vitest";
import { countOperations, Graph } from "../../test/support/check-rewrite.ts";
import { node, type Node } from "../model/node.ts";
import { verifyModel } from "../model/verify.ts";
import type { Output } from "../model/output.ts";
import { branches } from "../ops/control-flow/bodies.fixture.ts";
import { Abs } from "../ops/elementwise/abs.ts";
import { Add } from "../ops/elementwise/add.ts";
import { Relu } from "../ops/elementwise/relu.ts";
import { Split } from "../ops/movement/split.ts";
import { Reshape } from "../ops/shape/reshape.ts";
import { constantOf } from "./evaluate-node.ts";
import { shareSubexpressions } from "./eliminate/share-subexpressions.ts";
import { rewrite } from "./rewrite.ts";
import { runRewrites } from "./run-rewrites.ts";

const find = (nodes: readonly Node[], type: string): Node => nodes.find((n) => n.type === type) as Node;

describe("the driver", () => {
  it("rewrites bodies too, and tells their nodes what is known then", () => {
    const g = new Graph();
    const [flag, x] = [g.input("[]", "boolean"), g.input("[?,?]")];
    const inner = (p: Output): Output =>
      branches(
        constantOf("boolean", 1, []),
        [p],
        ([q]) => [g.apply(Abs, [q])],
        ([q]) => [g.apply(Abs, [q])],
      ).outputs[0];
    const choice = branches(
      flag,
      [x],
      ([p]) => [inner(p)],
      ([p]) => [g.apply(Abs, [p])],
    );
    const model = g.model(choice.outputs[0]);
    const known = rewrite("known", ["Abs"], ({ inputs }) => node(Reshape, [inputs[0], g.ints([2, 3])], { special_zero: false }).outputs[0]);
    expect([...runRewrites(model, [known], { verify: true })]).toEqual([["known", 3]]);
    expect(model.outputs[0].shape).toEqual([2, 3]);
    verifyModel(model);
  });

  it("does not take branches that differ for one node", () => {
    const g = new Graph();
    const [flag, x] = [g.input("[]", "boolean"), g.input("[2]")];
    const choose = (op: typeof Abs | typeof Relu): Output =>
      branches(
        flag,
        [x],
        ([p]) => [g.apply(op, [p])],
        ([p]) => [p],
      ).outputs[0];
    const model = g.model(g.apply(Add, [choose(Abs), choose(Relu)]));
    runRewrites(model, [shareSubexpressions], { verify: true });
    expect(countOperations(model)).toEqual({ If: 2, Add: 1 });
  });

  it("infers anew what follows a replacement that knows more", () => {
    const g = new Graph();
    const model = g.model(g.apply(Relu, [g.apply(Abs, [g.input("[?,?]")])]));
    const known = rewrite("known", ["Abs"], ({ inputs }) => node(Reshape, [inputs[0], g.ints([2, 3])], { special_zero: false }).outputs[0]);
    expect([...runRewrites(model, [known], { verify: true })]).toEqual([["known", 1]]);
    expect(model.outputs[0].shape).toEqual([2, 3]);
  });

  it("puts a node behind the one that it replaces, and gives both names of their own", () => {
    const g = new Graph();
    const relu = g.apply(Relu, [g.input("[2]")]);
    relu.node.friendlyName = "act";
    relu.names.add("tensor");
    const model = g.model(relu);
    const wrap = rewrite("wrap", ["Relu"], ({ outputs }, context) =>
      context.consumers(outputs[0]).some((c) => c.node.type === "Abs") ? undefined : node(Abs, outputs).outputs[0],
    );
    runRewrites(model, [wrap], { verify: true });
    expect(countOperations(model)).toEqual({ Relu: 1, Abs: 1 });
    const abs = find(model.nodes(), "Abs");
    expect([abs.friendlyName, ...abs.outputs[0].names]).toEqual(["act", "tensor"]);
    expect(find(model.nodes(), "Relu").friendlyName).toBe("act/Relu");
  });

  it("replaces the outputs of one node one by one", () => {
    const g = new Graph();
    const split = node(Split, [g.input("[4]"), g.ints(0)], { num_splits: 2 });
    for (const [i, output] of split.outputs.entries()) output.names.add(`part${i}`);
    const model = g.model(g.apply(Relu, [split.outputs[0]]), g.apply(Abs, [split.outputs[1]]));
    const halves = {
      name: "halves",
      types: ["Split"],
      apply: ({ outputs }: Node) => outputs.map((o) => g.apply(Add, [g.floats([o.index, o.index]), g.floats([1, 1])])),
    };
    runRewrites(model, [halves]);
    verifyModel(model);
    expect(countOperations(model)).toEqual({ Add: 2, Relu: 1, Abs: 1 });
    expect(model.nodes().flatMap((n) => [...(n.type === "Add" ? n.outputs[0].names : [])])).toEqual(["part0", "part1"]);
    expect(new Set(model.nodes().map((n) => n.friendlyName)).size).toBe(model.nodes().length);
  });

  it("drops what nothing reads any more", () => {
    const g = new Graph();
    const x = g.input("[2]");
    const model = g.model(g.apply(Relu, [g.apply(Add, [g.apply(Abs, [x]), g.floats([1, 1])])]));
    const skip = rewrite("skip", ["Add"], () => x);
    const seen: string[] = [];
    runRewrites(model, [skip, rewrite("see", ["Abs"], ({ type }) => void seen.push(type))], { verify: true });
    expect(countOperations(model)).toEqual({ Relu: 1 });
    expect(seen).toEqual(["Abs"]);
  });

  it("names the rewrite and the node when a rewrite fails", () => {
    const g = new Graph();
    const sum = g.apply(Add, [g.input("[2]"), g.floats(1)]);
    sum.node.friendlyName = "sum";
    const model = g.model(sum);
    const broken = rewrite("broken", ["Add"], () => g.ints([1, 2]));
    expect(() => runRewrites(model, [broken])).toThrow(/Add "sum".*rewrite "broken"/);
    expect(countOperations(model)).toEqual({ Add: 1 });
  });

  it("stops rewrites that never end", () => {
    const g = new Graph();
    const model = g.model(g.apply(Relu, [g.input("[2]")]));
    const again = rewrite("again", ["Relu"], ({ inputs }) => g.apply(Relu, inputs));
    expect(() => runRewrites(model, [again])).toThrow(/"again".*do not come to an end/);
  });
});
