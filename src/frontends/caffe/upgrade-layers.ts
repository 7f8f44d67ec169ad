import { VintnerError } from "../../common/errors.ts";
import type { TextMessage, TextValue } from "../../formats/text-proto/parse-text-proto.ts";
import type { LayerText } from "./read-network.ts";
import { TextFields } from "./text-fields.ts";

/** Types of layers in version 1 of the format, by their names there (V1LayerParameter.LayerType of caffe.proto). */
const v1Types: Readonly<Record<string, string>> = {
  NONE: "",
  ABSVAL: "AbsVal",
  ACCURACY: "Accuracy",
  ARGMAX: "ArgMax",
  BNLL: "BNLL",
  CONCAT: "Concat",
  CONTRASTIVE_LOSS: "ContrastiveLoss",
  CONVOLUTION: "Convolution",
  DATA: "Data",
  DECONVOLUTION: "Deconvolution",
  DROPOUT: "Dropout",
  DUMMY_DATA: "DummyData",
  EUCLIDEAN_LOSS: "EuclideanLoss",
  ELTWISE: "Eltwise",
  EXP: "Exp",
  FLATTEN: "Flatten",
  HDF5_DATA: "HDF5Data",
  HDF5_OUTPUT: "HDF5Output",
  HINGE_LOSS: "HingeLoss",
  IM2COL: "Im2col",
  IMAGE_DATA: "ImageData",
  INFOGAIN_LOSS: "InfogainLoss",
  INNER_PRODUCT: "InnerProduct",
  LRN: "LRN",
  MEMORY_DATA: "MemoryData",
  MULTINOMIAL_LOGISTIC_LOSS: "MultinomialLogisticLoss",
  MVN: "MVN",
  POOLING: "Pooling",
  POWER: "Power",
  RELU: "ReLU",
  SIGMOID: "Sigmoid",
  SIGMOID_CROSS_ENTROPY_LOSS: "SigmoidCrossEntropyLoss",
  SILENCE: "Silence",
  SOFTMAX: "Softmax",
  SOFTMAX_LOSS: "SoftmaxWithLoss",
  SPLIT: "Split",
  SLICE: "Slice",
  TANH: "TanH",
  WINDOW_DATA: "WindowData",
  THRESHOLD: "Threshold",
};

/** Types of version 0 and where their fields went: the parameter's message, and the fields under their new names. */
const v0Types: Readonly<
  Record<string, { readonly type: string; readonly parameter?: string; readonly fields?: Readonly<Record<string, string>> }>
> = {
  conv: {
    type: "Convolution",
    parameter: "convolution_param",
    fields: { num_output: "num_output", biasterm: "bias_term", pad: "pad", kernelsize: "kernel_size", group: "group", stride: "stride" },
  },
  pool: { type: "Pooling", parameter: "pooling_param", fields: { pool: "pool", kernelsize: "kernel_size", pad: "pad", stride: "stride" } },
  innerproduct: { type: "InnerProduct", parameter: "inner_product_param", fields: { num_output: "num_output", biasterm: "bias_term" } },
  lrn: { type: "LRN", parameter: "lrn_param", fields: { local_size: "local_size", alpha: "alpha", beta: "beta", k: "k" } },
  concat: { type: "Concat", parameter: "concat_param", fields: { concat_dim: "concat_dim" } },
  dropout: { type: "Dropout", parameter: "dropout_param", fields: { dropout_ratio: "dropout_ratio" } },
  relu: { type: "ReLU" },
  sigmoid: { type: "Sigmoid" },
  tanh: { type: "TanH" },
  softmax: { type: "Softmax" },
  softmax_loss: { type: "SoftmaxWithLoss" },
  accuracy: { type: "Accuracy" },
  bnll: { type: "BNLL" },
  flatten: { type: "Flatten" },
  split: { type: "Split" },
  data: { type: "Data" },
  images: { type: "ImageData" },
  window_data: { type: "WindowData" },
  hdf5_data: { type: "HDF5Data" },
  power: { type: "Power", parameter: "power_param", fields: { power: "power", scale: "scale", shift: "shift" } },
};

/** All layers in the newest form. Throws INVALID_MODEL for types that no version has. */
export function upgradedLayers(net: TextFields, file: string): LayerText[] {
  const newest = net.messages("layer").map((fields) => layerText(fields, fields.string("type", ""), file));
  const old = net.messages("layers");
  const upgraded = old.some((l) => l.has("layer"))
    ? upgradeV0(old, file)
    : old.map((fields) => layerText(fields, v1Type(fields, file), file));
  return [...upgraded, ...newest];
}

function layerText(fields: TextFields, type: string, file: string): LayerText {
  const name = fields.string("name", "");
  return {
    name,
    type,
    bottoms: fields.strings("bottom"),
    tops: fields.strings("top"),
    fields: new TextFields(fields.message, `${type} "${name}" (${file})`),
  };
}

function v1Type(fields: TextFields, file: string): string {
  const given = fields.string("type", "NONE");
  // What forks of Caffe added keeps its own name.
  return v1Types[given] ?? (/^[A-Z0-9_]+$/.test(given) || given === "" ? unknownType(given, fields, file) : given);
}

const unknownType = (type: string, fields: TextFields, file: string): never => {
  throw new VintnerError("INVALID_MODEL", {
    what: "no version of Caffe has this type of layer",
    where: `layer "${fields.string("name", "")}" (${file})`,
    got: JSON.stringify(type),
  });
};

/**
 * Version 0: a connection around a layer whose fields lie flat, and padding in a layer of its own, which goes into the convolution or
 * pooling behind it.
 */
function upgradeV0(connections: readonly TextFields[], file: string): LayerText[] {
  const pads = new Map<string, { readonly bottom: string; readonly pad: number }>();
  const layers: LayerText[] = [];
  for (const connection of connections) {
    const inner = connection.sub("layer");
    const given = inner.string("type", "");
    const [bottom, top] = [connection.strings("bottom"), connection.strings("top")];
    if (given === "padding") {
      pads.set(top[0], { bottom: bottom[0], pad: inner.int("pad", 0) });
      continue;
    }
    const rule = v0Types[given] ?? unknownType(given, inner, file);
    const padded = bottom.map((b) => pads.get(b));
    const pad = padded.find((p) => p !== undefined)?.pad;
    const fields = new Map<string, readonly TextValue[]>();
    if (rule.parameter !== undefined) {
      const parameter = new Map<string, readonly TextValue[]>();
      for (const [old, name] of Object.entries(rule.fields ?? {})) {
        const values = inner.message.fields.get(old);
        if (values) parameter.set(name, values);
      }
      if (pad !== undefined) parameter.set("pad", [{ kind: "scalar", text: String(pad), isString: false, line: inner.message.line }]);
      fields.set(rule.parameter, [message(parameter, inner)]);
    }
    const name = inner.string("name", "");
    layers.push({
      name,
      type: rule.type,
      bottoms: bottom.map((b, i) => padded[i]?.bottom ?? b),
      tops: top,
      fields: new TextFields(message(fields, inner), `${rule.type} "${name}" (${file})`),
    });
  }
  return layers;
}

const message = (fields: ReadonlyMap<string, readonly TextValue[]>, of: TextFields): TextMessage => ({
  kind: "message",
  fields,
  line: of.message.line,
});
