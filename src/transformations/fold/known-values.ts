import { type Dimension, isKnown } from "../../tensor/dimension.ts";
import { isInteger } from "../../tensor/element-type.ts";
import { constantOf } from "../evaluate-node.ts";
import type { Rewrite } from "../rewrite.ts";
import { shapeDependence } from "./shape-dependence.ts";

export interface KnownValuesOptions {
  /** Take present shapes for granted. Otherwise values that a reshape would change stay computed. */
  readonly useShapes: boolean;
}

/** Beyond these, inference knows integers only roughly. */
const isExact = (d: Dimension): boolean => isKnown(d) && Number.isSafeInteger(d);

/** Integers that shape inference knows, such as those of ShapeOf, become constants. */
export function knownValues({ useShapes }: KnownValuesOptions): Rewrite {
  const dependsOnShape = shapeDependence();
  return {
    name: "known-values",
    apply(node) {
      if (node.op.role !== undefined || node.op.impure || node.inputs.length === 0) return undefined;
      if (!node.outputs.every((o) => o.value?.every(isExact) && o.partialShape.isStatic && isInteger(o.elementType))) return undefined;
      if (!useShapes && dependsOnShape(node.outputs[0])) return undefined;
      return node.outputs.map((o) => constantOf(o.elementType, o.value as readonly number[], o.shape));
    },
  };
}
