export { type ErrorCode, type ErrorDetails, VintnerError } from "./common/errors.ts";
export { type ConvertModelOptions, convertModel } from "./convert/convert-model.ts";
export type { ProfilingEntry, Support } from "./devices/device.ts";
export type { Config, PropertyValue } from "./devices/property.ts";
export {
  type ModelSource,
  type NamedBytes,
  readModel,
  readModelSync,
  type ReadOptions,
  type WeightsSource,
} from "./frontends/read-model.ts";
export { saveModel, saveModelSync } from "./ir/save-model.ts";
export type { Fp16Weights } from "./ir/compress-to-float16.ts";
export type { SerializeOptions } from "./ir/serialize-model.ts";
export { Model } from "./model/model.ts";
export type { Node } from "./model/node.ts";
export type { Output } from "./model/output.ts";
export { printModel } from "./model/print-model.ts";
export { reshapeModel } from "./model/reshape.ts";
export { AsyncInferQueue, type AsyncInferQueueCallback } from "./runtime/async-infer-queue.ts";
export type { TensorLike } from "./runtime/check-tensor.ts";
export type { CompiledModel } from "./runtime/compiled-model.ts";
export { Core, type Version } from "./runtime/core.ts";
export type { InferInputs, InferOutputs, InferRequest } from "./runtime/infer-request.ts";
export { version } from "./runtime/version.ts";
export type { Dimension } from "./tensor/dimension.ts";
export type { ElementType, TypedArray } from "./tensor/element-type.ts";
export { PartialShape } from "./tensor/partial-shape.ts";
export { Tensor } from "./tensor/tensor.ts";
