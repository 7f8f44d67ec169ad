import type { Output } from "../../../model/output.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { AvgPool1 } from "../../../ops/nn/avg-pool.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Power } from "../../../ops/elementwise/power.ts";
import { BatchNormInference5 } from "../../../ops/normalization/batch-norm-inference.ts";
import { LRN } from "../../../ops/normalization/lrn.ts";
import { MVN6 } from "../../../ops/normalization/mvn.ts";
import { NormalizeL2 } from "../../../ops/normalization/normalize-l2.ts";
import { tensorNumbers } from "../../../tensor/tensor-numbers.ts";
import type { CaffeLayer } from "../caffe-layer.ts";
import type { LayerMappings } from "../layer-mapping.ts";

/** Statistics are stored as sums with their count (blobs mean, variance, factor); newer forks add gamma and beta behind them. */
function batchNorm(layer: CaffeLayer): Output {
  const fields = layer.parameter("batch_norm_param");
  const channels = layer.blob(0).size;
  const factor = layer.blobCount > 2 ? tensorNumbers(layer.blob(2))[0] : 1;
  const scaled = (i: number): Output =>
    layer.constant(
      "f32",
      Array.from(tensorNumbers(layer.blob(i)), (v) => (factor === 0 ? 0 : v / factor)),
    );
  const vector = (i: number, otherwise: number): Output =>
    layer.blobCount > i
      ? layer.blobAs(i, [channels])
      : layer.constant(
          "f32",
          Array.from({ length: channels }, () => otherwise),
        );
  return layer.add(BatchNormInference5, [layer.input(0), vector(3, 1), vector(4, 0), scaled(0), scaled(1)], {
    epsilon: fields.float("eps", 1e-5),
  });
}

function lrn(layer: CaffeLayer): Output {
  const fields = layer.parameter("lrn_param");
  const size = fields.int("local_size", 5);
  const [alpha, beta, k] = [fields.float("alpha", 1), fields.float("beta", 0.75), fields.float("k", 1)];
  if (fields.oneOf("norm_region", ["ACROSS_CHANNELS", "WITHIN_CHANNEL"], "ACROSS_CHANNELS") === "ACROSS_CHANNELS")
    return layer.add(LRN, [layer.input(0), layer.constant("i64", [1])], { alpha, beta, bias: k, size });
  // x * (1 + alpha * mean of the squares in the window) ^ -beta, with windows padded by zeros that count.
  const pad = Math.floor((size - 1) / 2);
  const squares = layer.add(Multiply, [layer.input(0), layer.input(0)]);
  const mean = layer.add(AvgPool1, [squares], {
    kernel: [size, size],
    strides: [1, 1],
    pads_begin: [pad, pad],
    pads_end: [pad, pad],
    auto_pad: "explicit",
    rounding_type: "floor",
    "exclude-pad": false,
  });
  const base = layer.add(Add, [layer.add(Multiply, [mean, layer.constant("f32", alpha)]), layer.constant("f32", 1)]);
  return layer.add(Multiply, [layer.input(0), layer.add(Power, [base, layer.constant("f32", -beta)])]);
}

function mvn(layer: CaffeLayer): Output {
  const fields = layer.parameter("mvn_param");
  const rank = layer.rank(layer.input(0));
  const first = fields.boolean("across_channels", false) ? 1 : 2;
  const axes = Array.from({ length: Math.max(rank - first, 0) }, (_, i) => i + first);
  return layer.add(MVN6, [layer.input(0), layer.constant("i64", axes)], {
    normalize_variance: fields.boolean("normalize_variance", true),
    eps: fields.float("eps", 1e-9),
    eps_mode: "outside_sqrt",
  });
}

/** SSD's: the L2 norm over channels, or over all but the batch, times a learned scale. */
function normalize(layer: CaffeLayer): Output {
  const fields = layer.parameter("norm_param");
  const axes = fields.boolean("across_spatial", true) ? [1, 2, 3] : [1];
  const normal = layer.add(NormalizeL2, [layer.input(0), layer.constant("i64", axes)], {
    eps: fields.float("eps", 1e-10),
    eps_mode: "add",
  });
  return layer.add(Multiply, [normal, layer.blobAs(0, [1, fields.boolean("channel_shared", true) ? 1 : layer.blob(0).size, 1, 1])]);
}

export const normalizationLayers: LayerMappings = { BatchNorm: batchNorm, LRN: lrn, MVN: mvn, Normalize: normalize };
