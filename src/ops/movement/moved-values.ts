import { shapeSize } from "../../common/shape.ts";
import type { InferContext } from "../../model/operation.ts";
import { type Dimension, isKnown, maxOf } from "../../tensor/dimension.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** Outputs up to which values are propagated: shape sub-graphs are small. */
export const mostMovedElements = 4096;

/**
 * Value propagation of operations that only move elements: moves the elements' positions, and looks the values up where
 * these end. `move` gets a tensor of positions for each of `inputs` and gives the output, or outputs.
 * Undefined where an input's values or shape are not known. Where the output may be larger than the inputs, `output` is its shape.
 */
export function movedValues(
  context: InferContext,
  inputs: readonly number[],
  move: (positions: readonly Tensor[]) => readonly Tensor[],
  output: readonly Dimension[] = [],
): (readonly Dimension[])[] | undefined {
  if (output.reduce((n: number, d) => n * maxOf(d), 1) > mostMovedElements) return undefined;
  const values: Dimension[] = [];
  const positions: Tensor[] = [];
  for (const i of inputs) {
    const known = context.value(i);
    const shape = context.inputs[i].partialShape.dimensions;
    if (known === undefined || !shape?.every(isKnown) || shapeSize(shape as readonly number[]) !== known.length) return undefined;
    positions.push(
      new Tensor(
        "i32",
        shape as readonly number[],
        Int32Array.from(known, (_, k) => values.length + k),
      ),
    );
    values.push(...known);
  }
  const moved = move(positions);
  if (moved.some((m) => m.size > mostMovedElements)) return undefined;
  return moved.map((m) => Array.from(m.data as Int32Array, (p) => values[p]));
}

/** The numbers of an input that inference needs, where all are known. */
export function knownNumbers(context: InferContext, i: number): readonly number[] | undefined {
  const value = context.value(i);
  return value?.every(isKnown) ? (value as readonly number[]) : undefined;
}
