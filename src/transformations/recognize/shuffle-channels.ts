import { node } from "../../model/node.ts";
import { ShuffleChannels } from "../../ops/movement/shuffle-channels.ts";
import { sameDimension } from "../../tensor/dimension.ts";
import { rewrite } from "../rewrite.ts";
import { permutationOf, sameOrder } from "./channel-permutation.ts";

/** Reshape to groups of channels, Transpose of groups and channels, Reshape back (ShuffleNet). */
export const recognizeShuffleChannels = rewrite("recognize-shuffle-channels", ["Reshape"], (last, context) => {
  const permutation = permutationOf(last, context);
  if (permutation === undefined) return undefined;
  const { data, before, split, order, after } = permutation;
  const [, group, size] = split;
  const swapped = order.map((_, i) => (i === 1 ? 2 : i === 2 ? 1 : i));
  if (!sameOrder(order, swapped) || typeof group !== "number" || typeof size !== "number" || group < 2 || size < 2) return undefined;
  if (before[1] !== group * size || !before.every((d, i) => sameDimension(d, after[i]))) return undefined;
  const spatial = split.slice(3);
  const asBefore = spatial.length === before.length - 2 && spatial.every((d, i) => sameDimension(d, before[i + 2]));
  const flattened = spatial.length === 1 && before.slice(2).every((d) => typeof d === "number");
  return asBefore || flattened ? node(ShuffleChannels, [data], { axis: 1, group }).outputs[0] : undefined;
});
