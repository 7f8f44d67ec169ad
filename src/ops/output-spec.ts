import type { OutputSpec } from "../model/operation.ts";
import { anyDimension, type Dimension } from "../tensor/dimension.ts";
import type { ElementType } from "../tensor/element-type.ts";
import { PartialShape } from "../tensor/partial-shape.ts";

/** More dimensions than a tensor can sensibly have; counts from damaged files are larger. */
const mostDimensions = 64;

/** As many unknown dimensions; unknown rank where the number is not plausible. */
export const unknownDimensions = (rank: number | undefined): Dimension[] | undefined =>
  rank === undefined || rank > mostDimensions ? undefined : new Array<Dimension>(rank).fill(anyDimension);

/** What inference says of an output: dimensions (undefined: of unknown rank) and, where known, its integers. */
export const outputSpec = (
  elementType: ElementType,
  dimensions: readonly Dimension[] | undefined,
  value?: readonly Dimension[],
): OutputSpec => ({ elementType, shape: new PartialShape(dimensions), ...(value === undefined ? {} : { value }) });
