import { shapeSize } from "../../common/shape.ts";
import { broadcastPositions } from "../broadcast-positions.ts";

/** Combines 64-bit integers along axes, modulo 2^64; the result is as with lengths of 1 there. */
export function reduceBigIntegers(
  data: BigInt64Array | BigUint64Array,
  shape: readonly number[],
  axes: readonly number[],
  start: bigint,
  combine: (sum: bigint, x: bigint) => bigint,
): BigInt64Array | BigUint64Array {
  const kept = shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const size = shapeSize(kept);
  const sums = data instanceof BigInt64Array ? new BigInt64Array(size).fill(start) : new BigUint64Array(size).fill(start);
  const positions = new Float64Array(data.length);
  if (shape.length > 0) broadcastPositions(kept, shape)(positions, 0, data.length);
  for (let i = 0; i < data.length; i++) sums[positions[i]] = combine(sums[positions[i]], data[i]);
  return sums;
}
