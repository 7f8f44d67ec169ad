import { expect, test } from "vitest";
import { opset } from "../opset.ts";
import { Model } from "./model.ts";
import { printModel } from "./print-model.ts";

test("a line for each node: inputs, attributes, small constants, shapes, tensor names", () => {
  const x = opset.parameter("f32", "[?,4]", "x");
  x.friendlyName = "data";
  const two = opset.constant("i64", 1);
  two.friendlyName = "axis";
  const split = opset.split(x, two, { num_splits: 2 });
  split.friendlyName = "halves";
  const gelu = opset.gelu(split.outputs[1]);
  gelu.friendlyName = "gelu";
  const y = opset.result(gelu, "y");
  y.friendlyName = "out";
  expect(printModel(new Model({ name: "net", parameters: [x], results: [y] }))).toBe(
    [
      'model "net"',
      '%0 = Parameter "data" -> f32[?,4] "x"',
      '%1 = Constant "axis" [1] -> i64[]',
      '%2 = Split "halves" (%0, %1) {num_splits: 2} -> f32[?,2], f32[?,2]',
      '%3 = Gelu@opset7 "gelu" (%2.1) {approximation_mode: ERF} -> f32[?,2] "y"',
      '%4 = Result "out" (%3) -> f32[?,2] "y"',
      "",
    ].join("\n"),
  );
});
