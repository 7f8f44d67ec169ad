import type { OutputSpec } from "../model/operation.ts";
import type { Dimension } from "../tensor/dimension.ts";
import type { ElementType } from "../tensor/element-type.ts";
import { PartialShape } from "../tensor/partial-shape.ts";

/** What inference says of an output: dimensions (undefined: of unknown rank) and, where known, its integers. */
export const outputSpec = (
  elementType: ElementType,
  dimensions: readonly Dimension[] | undefined,
  value?: readonly Dimension[] | undefined,
): OutputSpec => ({ elementType, shape: new PartialShape(dimensions), ...(value === undefined ? {} : { value }) });
