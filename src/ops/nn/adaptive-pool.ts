import { shapeSize } from "../../common/shape.ts";
import type { InferContext } from "../../model/operation.ts";
import { anyDimension, type Dimension } from "../../tensor/dimension.ts";
import { checkIntegers } from "../movement/indices.ts";

/** First and one past the last input of output `o` of an axis. */
const adaptiveWindow = (o: number, input: number, output: number): readonly [number, number] => [
  Math.floor((o * input) / output),
  Math.ceil(((o + 1) * input) / output),
];

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
  const planes = shapeSize(input.slice(0, 2));
  const outputs = shapeSize(output);
  let at = 0;
  const visitWindows = (plane: number, axis: number, outer: readonly number[]): void => {
    if (axis === spatial.length) return visit(outer, plane, at++);
    const length = spatial[axis];
    for (let o = 0; o < output[axis]; o++) {
      const [first, end] = adaptiveWindow(o, length, output[axis]);
      const inner: number[] = [];
      for (const p of outer) for (let k = first; k < end; k++) inner.push(p * length + k);
      visitWindows(plane, axis + 1, inner);
    }
  };
  if (outputs > 0) for (let plane = 0; plane < planes; plane++) visitWindows(plane, 0, [0]);
}
