export { type ErrorCode, type ErrorDetails, VintnerError } from "./common/errors.ts";
export type { Node } from "./model/node.ts";
export { Model } from "./model/model.ts";
export type { Output } from "./model/output.ts";
export type { Dimension } from "./tensor/dimension.ts";
export type { ElementType, TypedArray } from "./tensor/element-type.ts";
export { PartialShape } from "./tensor/partial-shape.ts";
export { Tensor } from "./tensor/tensor.ts";
