import type { Output } from "../../../model/output.ts";
import { Abs } from "../../../ops/elementwise/abs.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Clamp } from "../../../ops/elementwise/clamp.ts";
import { Elu } from "../../../ops/elementwise/elu.ts";
import { Exp } from "../../../ops/elementwise/exp.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { Divide } from "../../../ops/elementwise/divide.ts";
import { Greater } from "../../../ops/elementwise/greater.ts";
import { Log } from "../../../ops/elementwise/log.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { Power } from "../../../ops/elementwise/power.ts";
import { PRelu } from "../../../ops/elementwise/p-relu.ts";
import { Relu } from "../../../ops/elementwise/relu.ts";
import { Sigmoid } from "../../../ops/elementwise/sigmoid.ts";
import { SoftPlus4 } from "../../../ops/elementwise/soft-plus.ts";
import { Swish4 } from "../../../ops/elementwise/swish.ts";
import { Tanh } from "../../../ops/elementwise/tanh.ts";
import { LogSoftmax5 } from "../../../ops/normalization/log-softmax.ts";
import { Softmax8 } from "../../../ops/normalization/softmax.ts";
import type { CaffeLayer } from "../caffe-layer.ts";
import type { LayerMappings } from "../layer-mapping.ts";

const scalar = (layer: CaffeLayer, value: number): Output => layer.constant("f32", value);

/** x * scale + shift, without what changes nothing. */
function linear(layer: CaffeLayer, x: Output, scale: number, shift: number): Output {
  const scaled = scale === 1 ? x : layer.add(Multiply, [x, scalar(layer, scale)]);
  return shift === 0 ? scaled : layer.add(Add, [scaled, scalar(layer, shift)]);
}

function relu(layer: CaffeLayer): Output {
  const slope = layer.parameter("relu_param").float("negative_slope", 0);
  return slope === 0 ? layer.add(Relu, [layer.input(0)]) : layer.add(PRelu, [layer.input(0), layer.constant("f32", [slope])]);
}

/** (shift + scale * x) ^ power. */
function power(layer: CaffeLayer): Output {
  const fields = layer.parameter("power_param");
  const exponent = fields.float("power", 1);
  const base = linear(layer, layer.input(0), fields.float("scale", 1), fields.float("shift", 0));
  return exponent === 1 ? base : layer.add(Power, [base, scalar(layer, exponent)]);
}

/** base ^ (shift + scale * x); the base is e where it is -1. */
function exponential(layer: CaffeLayer): Output {
  const fields = layer.parameter("exp_param");
  const x = linear(layer, layer.input(0), fields.float("scale", 1), fields.float("shift", 0));
  const base = fields.float("base", -1);
  return base === -1 ? layer.add(Exp, [x]) : layer.add(Power, [scalar(layer, base), x]);
}

/** log of the base (e where it is -1) of shift + scale * x. */
function logarithm(layer: CaffeLayer): Output {
  const fields = layer.parameter("log_param");
  const natural = layer.add(Log, [linear(layer, layer.input(0), fields.float("scale", 1), fields.float("shift", 0))]);
  const base = fields.float("base", -1);
  return base === -1 ? natural : layer.add(Divide, [natural, scalar(layer, Math.log(base))]);
}

function clip(layer: CaffeLayer): Output {
  const fields = layer.parameter("clip_param");
  const [min, max] = [fields.float("min"), fields.float("max")];
  if (min === undefined || max === undefined) return layer.fail('fields "min" and "max" are missing');
  return layer.add(Clamp, [layer.input(0)], { min, max });
}

const softmaxAxis = (layer: CaffeLayer): number => layer.parameter("softmax_param").int("axis", 1);

export const activationLayers: LayerMappings = {
  AbsVal: (layer) => layer.add(Abs, [layer.input(0)]),
  BNLL: (layer) => layer.add(SoftPlus4, [layer.input(0)]),
  Clip: clip,
  ELU: (layer) => layer.add(Elu, [layer.input(0)], { alpha: layer.parameter("elu_param").float("alpha", 1) }),
  Exp: exponential,
  Log: logarithm,
  LogSoftmax: (layer) => layer.add(LogSoftmax5, [layer.input(0)], { axis: softmaxAxis(layer) }),
  PReLU: (layer) => layer.add(PRelu, [layer.input(0), layer.blobAs(0, [layer.blob(0).size])]),
  Power: power,
  ReLU: relu,
  ReLU6: (layer) => layer.add(Clamp, [layer.input(0)], { min: 0, max: 6 }),
  Sigmoid: (layer) => layer.add(Sigmoid, [layer.input(0)]),
  Softmax: (layer) => layer.add(Softmax8, [layer.input(0)], { axis: softmaxAxis(layer) }),
  Swish: (layer) => {
    const beta = layer.parameter("swish_param").float("beta", 1);
    return layer.add(Swish4, beta === 1 ? [layer.input(0)] : [layer.input(0), scalar(layer, beta)]);
  },
  TanH: (layer) => layer.add(Tanh, [layer.input(0)]),
  Threshold: (layer) =>
    layer.add(Convert, [layer.add(Greater, [layer.input(0), scalar(layer, layer.parameter("threshold_param").float("threshold", 0))])], {
      destination_type: "f32",
    }),
};
