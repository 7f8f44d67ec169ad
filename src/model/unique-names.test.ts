import { describe, expect, test } from "vitest";
import { opset } from "../opset.ts";
import { Model } from "./model.ts";
import type { Node } from "./node.ts";
import { uniqueFriendlyNames, uniqueTensorNames } from "./unique-names.ts";

/** x through a chain of Relus with these tensor names; results at these links. */
function chain(names: readonly string[], results: readonly number[] = [names.length - 1], input = "x"): Model {
  const x = opset.parameter("f32", [2], input);
  const links: Node[] = [];
  for (const list of names) {
    const link = opset.relu(links.at(-1) ?? x);
    for (const name of list.split(",")) link.outputs[0].names.add(name);
    links.push(link);
  }
  return new Model({ name: "m", parameters: [x], results: results.map((i) => opset.result(links[i] as Node)) });
}

const namesOf = (model: Model): string[] => model.nodes().flatMap((n) => (n.type === "Relu" ? [[...n.outputs[0].names].join()] : []));

describe("tensor names", () => {
  // What OpenVINO 2026.4.1 makes of the same IRs.
  test.each([
    { names: ["t", "t", "z"], expected: ["t", "t_1", "z"] },
    { names: ["t", "t", "t"], expected: ["t_1", "t_2", "t"] },
    { names: ["t", "t"], input: "t", expected: ["t_2", "t_1"] },
    { names: ["t", "t", "t"], results: [1, 2], expected: ["t_2", "t", "t_1"] },
    { names: ["t", "t", "t_1"], expected: ["t", "t_2", "t_1"] },
    { names: ["t", "t", "t_1", "z"], expected: ["t", "t_1", "t_1_1", "z"] },
    { names: ["t", "t,t_1", "z"], expected: ["t", "t_1", "z"] },
    { names: ["b,t", "b,t", "b"], expected: ["b_1,t", "b_2,t_1", "b"] },
    { names: ["t:0", "t:0", "t:1", "t:1"], expected: ["t:0", "t_1:0", "t_1:1", "t:1"] },
    { names: ["t:x", "t:x", "q:1:2", "q:1:2"], expected: ["t:x", "t:x_1", "q:1_1:2", "q:1:2"] },
    { names: ["t:", "t:", ":1", ":1"], expected: ["t:", "t:_1", "_1:1", ":1"] },
  ])("$names become $expected", ({ names, results, input, expected }) => {
    const model = chain(names, results, input);
    uniqueTensorNames(model);
    expect(namesOf(model)).toEqual(expected);
    expect(model.results.map((r) => [...r.outputs[0].names])).toEqual(model.results.map((r) => [...r.inputs[0].names]));
  });

  test("a hundred thousand equal names take no quadratic time", () => {
    const model = chain(Array.from({ length: 100_000 }, () => "t"));
    uniqueTensorNames(model);
    expect(new Set(namesOf(model)).size).toBe(100_000);
  });
});

test("friendly names get numbers in topological order, behind the inputs'", () => {
  const model = chain(["a", "b", "c", "d"]);
  for (const [i, name] of ["x", "n", "n_1", "n", "n"].entries()) (model.nodes()[i] as Node).friendlyName = name;
  uniqueFriendlyNames(model);
  expect(model.nodes().map((n) => n.friendlyName)).toEqual(["x", "n", "n_1", "n_2", "n_3", "d/sink_port_0"]);
});
