import { node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { constant } from "../infrastructure/constant.ts";
import { Reshape } from "../shape/reshape.ts";
import { Transpose } from "./transpose.ts";

/** A movement of blocks as a reshape, a transpose and another reshape. */
export interface BlockMovement {
  readonly split: readonly number[];
  readonly order: readonly number[];
  readonly shape: readonly number[];
}

export const reshaped = (x: Output, shape: readonly number[]): Output =>
  node(Reshape, [x, constant("i64", shape)], { special_zero: false }).outputs[0];

export const transposed = (x: Output, order: readonly number[]): Output => node(Transpose, [x, constant("i64", order)]).outputs[0];

/** What DepthToSpace and SpaceToDepth have. */
export type BlockAttributes = { readonly block_size: number; readonly mode: "blocks_first" | "depth_first" };
