import type { Output } from "../../../model/output.ts";
import { DetectionOutput1 } from "../../../ops/nn/detection-output.ts";
import { PriorBox1 } from "../../../ops/nn/prior-box.ts";
import { Concat } from "../../../ops/movement/concat.ts";
import { StridedSlice } from "../../../ops/movement/strided-slice.ts";
import { Transpose } from "../../../ops/movement/transpose.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import type { MxnetMappings, MxnetNode } from "../mxnet-node.ts";

function spatialSize(node: MxnetNode, of: Output): Output {
  const shape = node.add(ShapeOf3, [of], { output_type: "i64" });
  const masks = { begin_mask: [0], end_mask: [0], new_axis_mask: [0], shrink_axis_mask: [0], ellipsis_mask: [0] };
  return node.add(StridedSlice, [shape, node.constant("i64", [2]), node.constant("i64", [4]), node.constant("i64", [1])], masks);
}

/** Anchors [1, boxes, 4] of a feature map, in units of the picture. */
function multiBoxPrior(node: MxnetNode): Output {
  const steps = node.tuple("steps") ?? [-1, -1];
  const offsets = node.tuple("offsets") ?? [0.5, 0.5];
  if (steps[0] !== steps[1] || offsets[0] !== offsets[1])
    node.unsupported("steps or offsets that differ along the axes are not supported", { got: `steps ${steps}, offsets ${offsets}` });
  const step = steps[0] ?? -1;
  const size = spatialSize(node, node.input(0));
  const priors = node.add(PriorBox1, [size, size], {
    min_size: (node.tuple("sizes") ?? [1]) as number[],
    max_size: [],
    aspect_ratio: (node.tuple("ratios") ?? [1]) as number[],
    flip: false,
    clip: node.boolean("clip", false),
    variance: [],
    step: step > 0 ? step : 0,
    offset: offsets[0] ?? 0.5,
    scale_all_sizes: false,
  });
  // The first of the two rows is the boxes, the second their variances.
  const boxes = node.add(StridedSlice, [priors, node.constant("i64", [0, 0]), node.constant("i64", [1, 0]), node.constant("i64", [1, 1])], {
    begin_mask: [1, 0],
    end_mask: [1, 0],
    new_axis_mask: [0, 0],
    shrink_axis_mask: [0, 0],
    ellipsis_mask: [0, 0],
  });
  return node.add(Reshape, [boxes, node.constant("i64", [1, -1, 4])], { special_zero: false });
}

/** Class probabilities [batch, classes, boxes], locations [batch, boxes * 4] and anchors [1, boxes, 4]; the result is OpenVINO's [1, 1, boxes, 7]. */
function multiBoxDetection(node: MxnetNode): Output {
  const [scores, locations, anchors] = [0, 1, 2].map((i) => node.input(i));
  const rows = (x: Output): Output => node.add(Reshape, [x, node.constant("i64", [0, -1])], { special_zero: true });
  const variances = (node.tuple("variances") ?? [0.1, 0.1, 0.2, 0.2]) as number[];
  const boxes = node.shapeOf(anchors)[1];
  const flat = node.add(Reshape, [anchors, node.constant("i64", [1, 1, -1])], { special_zero: false });
  const repeated = node.constant(
    "f32",
    Array.from({ length: boxes * 4 }, (_, i) => variances[i % 4]),
    [1, 1, boxes * 4],
  );
  const topK = node.int("nms_topk", -1);
  return node.add(
    DetectionOutput1,
    [
      rows(locations),
      rows(node.add(Transpose, [scores, node.constant("i64", [0, 2, 1])])),
      node.add(Concat, [flat, repeated], { axis: 1 }),
    ],
    {
      num_classes: node.shapeOf(scores)[1],
      background_label_id: node.int("background_id", 0),
      top_k: topK,
      variance_encoded_in_target: false,
      keep_top_k: [topK],
      code_type: "caffe.PriorBoxParameter.CENTER_SIZE",
      share_location: true,
      nms_threshold: node.float("nms_threshold", 0.5),
      confidence_threshold: node.float("threshold", 0.01),
      normalized: true,
      clip_before_nms: node.boolean("clip", true),
      clip_after_nms: false,
      decrease_label_id: true,
      input_height: 1,
      input_width: 1,
      objectness_score: 0,
    },
  );
}

export const detectionOperators: MxnetMappings = {
  MultiBoxDetection: multiBoxDetection,
  MultiBoxPrior: multiBoxPrior,
  _contrib_MultiBoxDetection: multiBoxDetection,
  _contrib_MultiBoxPrior: multiBoxPrior,
};
