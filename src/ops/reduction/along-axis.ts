import { shapeSize } from "../../common/shape.ts";

/** Calls `line` for each line of elements along an axis of a row-major tensor: its first element and the stride. */
export function eachLine(shape: readonly number[], axis: number, line: (first: number, stride: number) => void): void {
  const stride = shapeSize(shape.slice(axis + 1));
  const outer = shapeSize(shape.slice(0, axis));
  for (let o = 0; o < outer; o++) for (let i = 0; i < stride; i++) line(o * stride * shape[axis] + i, stride);
}
