import { NonMaxSuppression9 } from "../../../ops/nn/non-max-suppression.ts";
import { onnxOperator } from "../operator.ts";

/** The lowest number of binary32: without a threshold all scores count. */
const lowest = -3.4028234663852886e38;

/** Boxes that overlap no better one of their class: image, class and box, class by class. */
export const nonMaxSuppressionOperator = onnxOperator("NonMaxSuppression", {
  10: (node) => {
    const [most, overlap, score] = [node.inputs[2], node.inputs[3], node.inputs[4]];
    const inputs = [
      node.input(0),
      node.input(1),
      most ?? node.constant("i64", [0]),
      overlap ?? node.constant("f32", [0]),
      score ?? node.constant("f32", [lowest]),
    ];
    return node.addNode(NonMaxSuppression9, inputs, {
      box_encoding: node.int("center_point_box", 0) === 1 ? "center" : "corner",
      sort_result_descending: false,
      output_type: "i64",
    }).outputs[0];
  },
});
