import { shapeSize } from "../../common/shape.ts";
import type { Model } from "../../model/model.ts";
import { maxOf } from "../../tensor/dimension.ts";
import { ReferenceExecutable } from "../reference/reference-executable.ts";
import { LruMap } from "./lru-map.ts";
import { loweringOf } from "./lowerings.ts";

/** Models kept for the shapes met last. */
const mostModels = 32;
/** Elements up to which the host computes what a model without products and windows computes before a program for it is made. */
const mostHostElements = 1 << 16;

/** A model that is small enough to be evaluated by its operations' own semantics where its shapes have been met but once. */
export interface HostModel {
  readonly kind: "host";
  readonly executable: ReferenceExecutable;
}

interface Entry<Compiled> {
  model: Compiled | HostModel;
  isMetAgain: boolean;
}

/**
 * A part of a model whose shapes come out while it runs, for each set of them: what lies behind a shape break, or the body of a node.
 *
 * A program is worth its compilation where there is much to compute or where the shapes come again. What a picture holds differs from
 * frame to frame, and the operations behind a NonZero are often few and small, so such a part is evaluated on the host when its shapes
 * come for the first time. Programs for the next power of two (buckets) would need operations that leave what is filled up alone; sums,
 * concatenations and orders do not.
 */
export class TieredCache<Compiled> {
  readonly #compile: (model: Model) => Compiled;
  readonly #entries = new LruMap<string, Entry<Compiled>>(mostModels);

  constructor(compile: (model: Model) => Compiled) {
    this.#compile = compile;
  }

  /** What runs the model that `fixed` makes for the shapes that `key` names. */
  get(key: string, fixed: () => Model): Compiled | HostModel {
    let isNew = false;
    const entry = this.#entries.get(key, () => {
      isNew = true;
      const model = fixed();
      return isLight(model)
        ? { model: { kind: "host", executable: new ReferenceExecutable(model, { PERF_COUNT: true }) }, isMetAgain: false }
        : { model: this.#compile(model), isMetAgain: true };
    });
    if (!isNew && !entry.isMetAgain) {
      entry.model = this.#compile(fixed());
      entry.isMetAgain = true;
    }
    return entry.model;
  }
}

/** Whether the host computes a model about as fast as a program for it is made. */
function isLight(model: Model): boolean {
  let elements = 0;
  for (const node of model.nodes()) {
    if (node.bodies.length > 0 || loweringOf(node.type)?.takesEpilogue !== undefined) return false;
    if (node.op.role !== "constant")
      for (const { partialShape } of node.outputs) elements += shapeSize(partialShape.dimensions?.map(maxOf) ?? [Number.POSITIVE_INFINITY]);
    if (!(elements <= mostHostElements)) return false;
  }
  return true;
}
