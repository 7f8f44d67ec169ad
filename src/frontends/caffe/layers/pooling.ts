import type { Output } from "../../../model/output.ts";
import { AvgPool1, AvgPool14 } from "../../../ops/nn/avg-pool.ts";
import { MaxPool14, MaxPool8 } from "../../../ops/nn/max-pool.ts";
import { ReduceMax } from "../../../ops/reduction/reduce-max.ts";
import { ReduceMean } from "../../../ops/reduction/reduce-mean.ts";
import type { CaffeLayer } from "../caffe-layer.ts";
import type { LayerMappings } from "../layer-mapping.ts";
import { windowOf } from "./window.ts";

/**
 * Pooling rounds up unless `ceil_mode` or `round_mode` say otherwise; with pads, a last window that would start behind the input and its
 * first pad is dropped (Caffe's PoolingLayer::Reshape).
 */
function pooling(layer: CaffeLayer): Output | readonly Output[] {
  const fields = layer.parameter("pooling_param");
  const method = fields.oneOf("pool", ["MAX", "AVE", "STOCHASTIC"], "MAX");
  if (method === "STOCHASTIC") layer.unsupported("stochastic pooling is not supported");
  if (fields.boolean("global_pooling", false))
    return layer.add(method === "MAX" ? ReduceMax : ReduceMean, [layer.input(0), layer.constant("i64", [2, 3])], { keep_dims: true });
  const { kernel, strides, pads } = windowOf(layer, fields);
  if (kernel.some((k) => k < 1)) layer.fail('field "kernel_size" is missing');
  const floor = fields.oneOf("round_mode", ["CEIL", "FLOOR"], "CEIL") === "FLOOR" || !fields.boolean("ceil_mode", true);
  const drops = !floor && pads.some((p) => p > 0);
  const rounding_type = floor ? "floor" : drops ? "ceil_torch" : "ceil";
  const window = { strides, pads_begin: pads, pads_end: pads, kernel, auto_pad: "explicit", rounding_type };
  if (method === "AVE") return layer.add(drops ? AvgPool14 : AvgPool1, [layer.input(0)], { ...window, "exclude-pad": false });
  const { outputs } = layer.addNode(drops ? MaxPool14 : MaxPool8, [layer.input(0)], {
    ...window,
    dilations: [1, 1],
    index_element_type: "i64",
    axis: 0,
  });
  if (layer.tops.length > 1) layer.unsupported("the positions of maxima as a second top are not supported");
  return outputs[0];
}

export const poolingLayers: LayerMappings = { Pooling: pooling };
