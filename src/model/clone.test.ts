import { expect, test } from "vitest";
import { opset } from "../opset.ts";
import { cloneModel } from "./clone.ts";
import { Model } from "./model.ts";
import { printModel } from "./print-model.ts";

/** Shared nodes, constants, several outputs, names and runtime information. */
function model(): Model {
  const [x, spare] = [opset.parameter("f32", [-1, 6], "x"), opset.parameter("f32", [1], "spare")];
  const scale = opset.constant("f32", [2, 3, 4, 5, 6, 7], [1, 6]);
  scale.rtInfo.set("decompression", "");
  const split = opset.split(opset.multiply(x, scale), opset.constant("i64", [1], []), { num_splits: 2 });
  split.outputs[1].names.add("right");
  split.outputs[1].rtInfo.set("layout", "[N,C]");
  const made = new Model({
    name: "net",
    parameters: [spare, x],
    results: [opset.result(opset.add(split.outputs[0], split.outputs[1]), "y"), opset.result(split.outputs[1], "z")],
  });
  made.rtInfo.set("MO_version", "1");
  return made;
}

test("a clone is the same graph of other nodes over the same data", () => {
  const original = model();
  const before = printModel(original);
  const clone = cloneModel(original);
  expect(printModel(clone)).toBe(before);
  expect(clone.inputs.map((i) => i.anyName)).toEqual(["spare", "x"]);
  const originals = new Set(original.nodes());
  expect(clone.nodes().some((n) => originals.has(n))).toBe(false);
  const constants = (m: Model): unknown[] => m.nodes().flatMap((n) => (n.constant ? [n.constant.data] : []));
  expect(constants(clone).every((data, i) => data === constants(original)[i])).toBe(true);
  expect(clone.rtInfo.get("MO_version")).toBe("1");
  const split = clone.nodes().find((n) => n.type === "Split");
  expect([...(split?.outputs[1].names ?? [])]).toContain("right");
  expect(split?.outputs[1].rtInfo.get("layout")).toBe("[N,C]");

  split?.outputs[1].names.add("other");
  clone.rtInfo.set("MO_version", "2");
  clone.results[0].friendlyName = "renamed";
  clone.parameters.pop();
  expect(printModel(original)).toBe(before);
  expect(original.rtInfo.get("MO_version")).toBe("1");
});

test("parameters may be replaced: shapes follow", () => {
  const clone = cloneModel(model(), (parameter, index) =>
    index === 1 ? opset.parameter("f32", [4, 6], parameter.friendlyName) : undefined,
  );
  expect(clone.outputs.map((o) => o.partialShape.toString())).toEqual(["[4,3]", "[4,3]"]);
});
