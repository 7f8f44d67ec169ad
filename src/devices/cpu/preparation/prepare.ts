import type { KernelTarget } from "../../../kernel/target.ts";
import type { Model } from "../../../model/model.ts";
import { optimize } from "../../../transformations/pipeline.ts";
import { runRewrites } from "../../../transformations/run-rewrites.ts";
import { decompose } from "./decompose.ts";
import { integerMatMul } from "./integer-mat-mul.ts";
import { widenFloats } from "./widen-floats.ts";

/** What is done to every model before its shapes are known: types that the device computes in, and what holds for all shapes. */
export function prepareModel(model: Model, { useShapes }: { readonly useShapes: boolean }): void {
  widenFloats(model);
  optimize(model, { foldDecompression: true, useShapes });
}

/** What is done to a model for one set of shapes and a target, before it is lowered. */
export function prepareShapes(model: Model, target: KernelTarget): void {
  decompose(model);
  runRewrites(model, [integerMatMul(target)]);
}
