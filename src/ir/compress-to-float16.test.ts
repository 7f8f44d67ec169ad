import { expect, it } from "vitest";
import { Model } from "../model/model.ts";
import { Node } from "../model/node.ts";
import { constant } from "../ops/infrastructure/constant.ts";
import { parameter } from "../ops/infrastructure/parameter.ts";
import { result } from "../ops/infrastructure/result.ts";
import { Interpolate11 } from "../ops/nn/interpolate.ts";
import { Multiply } from "../ops/elementwise/multiply.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { compressToFloat16 } from "./compress-to-float16.ts";

it("keeps constants that decide a shape, and compresses the others", () => {
  const x = parameter("f32", new PartialShape([1, 2, 5, 5]), "x");
  const scaled = new Node(Multiply, [x.outputs[0], constant("f32", [1, 2], [1, 2, 1, 1])]);
  const resized = new Node(Interpolate11, [scaled.outputs[0], constant("f32", [2, 2]), constant("i64", [2, 3])], {
    mode: "nearest",
    shape_calculation_mode: "scales",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
  const model = new Model({ name: "m", parameters: [x], results: [result(resized.outputs[0])] });
  const compressed = compressToFloat16(model);
  expect(compressed.outputs[0].partialShape.toString()).toBe("[1,2,10,10]");
  expect(compressed.nodes().filter((n) => n.rtInfo.has("decompression"))).toHaveLength(1);
  expect(model.nodes().some((n) => n.rtInfo.has("decompression"))).toBe(false);
});
