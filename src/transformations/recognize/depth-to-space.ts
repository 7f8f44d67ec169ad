import { node } from "../../model/node.ts";
import { DepthToSpace } from "../../ops/movement/depth-to-space.ts";
import { rewrite } from "../rewrite.ts";
import { type Permutation, permutationOf, sameOrder } from "./channel-permutation.ts";

/** Reshape, Transpose, Reshape that move square blocks of channels into the two spatial axes. */
export const recognizeDepthToSpace = rewrite("recognize-depth-to-space", ["Reshape"], (last, context) => {
  const permutation = permutationOf(last, context);
  if (permutation === undefined || permutation.before.length !== 4 || permutation.split.length !== 6) return undefined;
  const mode = sameOrder(permutation.order, [0, 3, 4, 1, 5, 2])
    ? "blocks_first"
    : sameOrder(permutation.order, [0, 1, 4, 2, 5, 3])
      ? "depth_first"
      : undefined;
  const block = mode && blockOf(permutation, mode);
  return block ? node(DepthToSpace, [permutation.data], { mode, block_size: block }).outputs[0] : undefined;
});

function blockOf({ before, split, after }: Permutation, mode: "blocks_first" | "depth_first"): number | undefined {
  const [blockRows, blockColumns, depth] = mode === "blocks_first" ? [split[1], split[2], split[3]] : [split[2], split[3], split[1]];
  if (typeof blockRows !== "number" || blockRows !== blockColumns || blockRows < 2 || typeof depth !== "number") return undefined;
  const [height, width] = [split[4], split[5]];
  if (height !== before[2] || width !== before[3] || typeof height !== "number" || typeof width !== "number") return undefined;
  const fits =
    before[1] === depth * blockRows ** 2 && after[1] === depth && after[2] === height * blockRows && after[3] === width * blockRows;
  return fits ? blockRows : undefined;
}
