import { shapeSize } from "../../common/shape.ts";
import type { InferContext } from "../../model/operation.ts";
import { anyDimension, type Dimension } from "../../tensor/dimension.ts";
import { checkIntegers } from "../movement/indices.ts";

/** First and one past the last input of each output of an axis: floor(o * input / output) to ceil((o + 1) * input / output). */
function adaptiveWindows(input: number, output: number): (readonly [number, number])[] {
  return Array.from({ length: output }, (_, o) => [Math.floor((o * input) / output), Math.ceil(((o + 1) * input) / output)] as const);
}

/** The shape of an adaptive pooling of data [N, C, spatial...]; the second input holds the output's spatial lengths. */
export function adaptiveShape(context: InferContext): readonly Dimension[] | undefined {
  const dimensions = context.inputs[0].partialShape.dimensions;
  checkIntegers(context, 1, "the output shape");
  if (dimensions === undefined) return undefined;
  if (dimensions.length < 3 || dimensions.length > 5)
    context.fail("the data needs batch, channels and one to three spatial axes", { got: `${context.inputs[0].partialShape}` });
  const lengths = context.value(1);
  if (lengths !== undefined && lengths.length !== dimensions.length - 2)
    context.fail("the output shape needs one length for each spatial axis", {
      expected: `${dimensions.length - 2}`,
      got: `${lengths.length}`,
    });
  return [...dimensions.slice(0, 2), ...(lengths ?? dimensions.slice(2).map(() => anyDimension))];
}

/** Calls `visit` for each window of each plane: the window's input positions, row-major in the plane, and where the output lies. */
export function forEachAdaptiveWindow(
  input: readonly number[],
  output: readonly number[],
  visit: (positions: readonly number[], plane: number, at: number) => void,
): void {
  const spatial = input.slice(2);
  const windows = spatial.map((length, i) => adaptiveWindows(length, output[i]));
  let positions: number[][] = [[0]];
  for (const [i, length] of spatial.entries())
    positions = positions.flatMap((outer) =>
      windows[i].map(([first, end]) => outer.flatMap((p) => Array.from({ length: end - first }, (_, k) => p * length + first + k))),
    );
  let at = 0;
  for (let plane = 0; plane < shapeSize(input.slice(0, 2)); plane++) for (const list of positions) visit(list, plane, at++);
}
