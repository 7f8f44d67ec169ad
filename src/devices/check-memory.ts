import { VintnerError } from "../common/errors.ts";
import { shapeSize } from "../common/shape.ts";
import type { Model } from "../model/model.ts";
import { byteLengthOf, type ElementType } from "../tensor/element-type.ts";

const inUnits = (bytes: number): string => `${(bytes / 2 ** 30).toPrecision(3)} GiB`;

/**
 * Refuses a model with a tensor that alone is larger than all memory that a device can have, before any work goes into it.
 * `bytesOf` says how many bytes elements take there. Throws OUT_OF_MEMORY, naming the operation.
 */
export function checkMemory(model: Model, capacity: number, bytesOf: (type: ElementType, count: number) => number = byteLengthOf): void {
  for (const node of model.nodes())
    for (const { elementType, partialShape } of node.outputs) {
      if (!partialShape.isStatic) continue;
      const bytes = bytesOf(elementType, shapeSize(partialShape.toShape()));
      if (bytes > capacity)
        throw new VintnerError("OUT_OF_MEMORY", {
          what: "the output needs more memory than there is",
          where: node.where,
          expected: `at most ${inUnits(capacity)}`,
          got: `${elementType}${partialShape}, ${inUnits(bytes)}`,
          hint: "Check the shapes that are given",
        });
    }
}
