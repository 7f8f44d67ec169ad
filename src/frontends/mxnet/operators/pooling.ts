import type { Output } from "../../../model/output.ts";
import { AdaptiveAvgPool8 } from "../../../ops/nn/adaptive-avg-pool.ts";
import { AvgPool1, AvgPool14 } from "../../../ops/nn/avg-pool.ts";
import { MaxPool14, MaxPool8 } from "../../../ops/nn/max-pool.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { ReduceMax } from "../../../ops/reduction/reduce-max.ts";
import { ReduceMean } from "../../../ops/reduction/reduce-mean.ts";
import { ReduceSum } from "../../../ops/reduction/reduce-sum.ts";
import type { MxnetMappings, MxnetNode } from "../mxnet-node.ts";
import { window } from "./convolution.ts";

/** Conventions: `valid` rounds down, `full` up, `same` pads so that the output is the input divided by the stride, rounded up. */
function pooling(node: MxnetNode): Output {
  const type = node.oneOf("pool_type", ["max", "avg", "sum"], "max");
  if (node.boolean("global_pool", false)) {
    const rank = node.input(0).partialShape.rank ?? (node.ints("kernel")?.length ?? 2) + 2;
    const axes = node.constant(
      "i64",
      Array.from({ length: rank - 2 }, (_, i) => i + 2),
    );
    return node.add({ max: ReduceMax, avg: ReduceMean, sum: ReduceSum }[type], [node.input(0), axes], { keep_dims: true });
  }
  const kernel = node.ints("kernel") ?? node.fail('parameter "kernel" is missing');
  const convention = node.oneOf("pooling_convention", ["valid", "full", "same"], "valid");
  const pads = window(node, "pad", kernel.length, 0);
  // Windows of average pooling are cut at the padding's end, as ceil_torch has it.
  const rounding_type = convention === "full" ? (pads.some((p) => p > 0) ? "ceil_torch" : "ceil") : "floor";
  const attributes = {
    strides: window(node, "stride", kernel.length, 1),
    pads_begin: pads,
    pads_end: pads,
    kernel,
    auto_pad: convention === "same" ? "same_upper" : "explicit",
    rounding_type,
  };
  if (type === "max")
    return node.add(rounding_type === "ceil_torch" ? MaxPool14 : MaxPool8, [node.input(0)], {
      ...attributes,
      dilations: kernel.map(() => 1),
      index_element_type: "i64",
      axis: 0,
    });
  const average = node.add(rounding_type === "ceil_torch" ? AvgPool14 : AvgPool1, [node.input(0)], {
    ...attributes,
    "exclude-pad": !node.boolean("count_include_pad", true) && type === "avg",
  });
  return type === "avg"
    ? average
    : node.add(Multiply, [
        average,
        node.constant(
          "f32",
          kernel.reduce((n, d) => n * d, 1),
        ),
      ]);
}

export const poolingOperators: MxnetMappings = {
  Pooling: pooling,
  Pooling_v1: pooling,
  _contrib_AdaptiveAvgPooling2D: (node) => {
    const size = node.ints("output_size") ?? [1];
    return node.add(AdaptiveAvgPool8, [node.input(0), node.constant("i64", size.length === 1 ? [size[0], size[0]] : size)]);
  },
};
