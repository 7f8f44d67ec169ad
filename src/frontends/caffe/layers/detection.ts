import type { Output } from "../../../model/output.ts";
import { DetectionOutput1 } from "../../../ops/nn/detection-output.ts";
import { PriorBoxClustered } from "../../../ops/nn/prior-box-clustered.ts";
import { PriorBox1 } from "../../../ops/nn/prior-box.ts";
import { StridedSlice } from "../../../ops/movement/strided-slice.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import { ShapeOf3 } from "../../../ops/shape/shape-of.ts";
import { Unsqueeze } from "../../../ops/shape/unsqueeze.ts";
import type { CaffeLayer } from "../caffe-layer.ts";
import type { LayerMappings } from "../layer-mapping.ts";
import { perAxis } from "./window.ts";

/** Height and width of a feature map or picture, as i64[2]. */
function spatialSize(layer: CaffeLayer, of: Output): Output {
  const shape = layer.add(ShapeOf3, [of], { output_type: "i64" });
  return layer.add(StridedSlice, [shape, layer.constant("i64", [2]), layer.constant("i64", [4]), layer.constant("i64", [1])], {
    begin_mask: [0],
    end_mask: [0],
    new_axis_mask: [0],
    shrink_axis_mask: [0],
    ellipsis_mask: [0],
  });
}

const sizes = (layer: CaffeLayer): Output[] => [spatialSize(layer, layer.input(0)), spatialSize(layer, layer.input(1))];

/** [2, priors * 4] as Caffe has it, with a dimension for the batch. */
const withBatch = (layer: CaffeLayer, priors: Output): Output => layer.add(Unsqueeze, [priors, layer.constant("i64", [0])]);

function priorBox(layer: CaffeLayer): Output {
  const fields = layer.parameter("prior_box_param");
  const [stepHeight, stepWidth] = perAxis(layer, fields, "step", "step", 0);
  if (stepHeight !== stepWidth)
    layer.unsupported("different steps along the axes are not supported", { got: `${stepHeight} and ${stepWidth}` });
  const variance = fields.floats("variance");
  return withBatch(
    layer,
    layer.add(PriorBox1, sizes(layer), {
      min_size: fields.floats("min_size"),
      max_size: fields.floats("max_size"),
      aspect_ratio: fields.floats("aspect_ratio"),
      flip: fields.boolean("flip", true),
      clip: fields.boolean("clip", false),
      variance: variance.length > 0 ? variance : [0.1],
      step: fields.float("step", stepHeight),
      offset: fields.float("offset", 0.5),
      fixed_size: fields.floats("fixed_size"),
      fixed_ratio: fields.floats("fixed_ratio"),
      density: fields.floats("density"),
      scale_all_sizes: true,
    }),
  );
}

function priorBoxClustered(layer: CaffeLayer): Output {
  const fields = layer.parameter("prior_box_param");
  const variance = fields.floats("variance");
  return withBatch(
    layer,
    layer.add(PriorBoxClustered, sizes(layer), {
      width: fields.floats("width"),
      height: fields.floats("height"),
      clip: fields.boolean("clip", false),
      variance: variance.length > 0 ? variance : [0.1],
      step: fields.float("step", 0),
      step_h: fields.float("step_h", 0),
      step_w: fields.float("step_w", 0),
      offset: fields.float("offset", 0),
    }),
  );
}

/** Locations and scores, one row an image, with the priors [1, 2, priors * 4]; the result is [1, 1, boxes, 7]. */
function detectionOutput(layer: CaffeLayer): Output {
  const fields = layer.parameter("detection_output_param");
  const nms = fields.sub("nms_param");
  const rows = (x: Output): Output =>
    layer.rank(x) === 2 ? x : layer.add(Reshape, [x, layer.constant("i64", [0, -1])], { special_zero: true });
  const code = fields.oneOf("code_type", ["", "CORNER", "CENTER_SIZE"], "CORNER");
  if (fields.string("save_output_param") !== undefined) layer.unsupported("writing results to files is not supported");
  return layer.add(DetectionOutput1, [rows(layer.input(0)), rows(layer.input(1)), layer.input(2), ...layer.inputs.slice(3).map(rows)], {
    num_classes: fields.int("num_classes") ?? layer.fail('field "num_classes" is missing'),
    background_label_id: fields.int("background_label_id", 0),
    top_k: nms.int("top_k", -1),
    variance_encoded_in_target: fields.boolean("variance_encoded_in_target", false),
    keep_top_k: [fields.int("keep_top_k", -1)],
    code_type: `caffe.PriorBoxParameter.${code}`,
    share_location: fields.boolean("share_location", true),
    nms_threshold: nms.float("nms_threshold", 0.3),
    confidence_threshold: fields.float("confidence_threshold", 0),
    normalized: true,
    clip_before_nms: false,
    clip_after_nms: false,
    decrease_label_id: false,
    input_height: 1,
    input_width: 1,
    objectness_score: fields.float("objectness_score", 0),
  });
}

export const detectionLayers: LayerMappings = {
  DetectionOutput: detectionOutput,
  PriorBox: priorBox,
  PriorBoxClustered: priorBoxClustered,
};
