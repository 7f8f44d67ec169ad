import { cloneModel } from "../../model/clone.ts";
import type { Model } from "../../model/model.ts";
import { retypeModel } from "../../model/reshape.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type HostModel, TieredCache } from "./tiered-cache.ts";

/** The bodies of a compiled model, each for the types and shapes that it is run on: once for all iterations of equal shapes. */
export class BodyCache<Compiled> {
  readonly #compile: (body: Model) => Compiled;
  readonly #bodies = new WeakMap<Model, TieredCache<Compiled>>();

  constructor(compile: (body: Model) => Compiled) {
    this.#compile = compile;
  }

  /** What runs a body on such inputs. The body itself stays as it is. */
  get(body: Model, inputs: readonly Tensor[]): Compiled | HostModel {
    const known = this.#bodies.get(body);
    const cache = known ?? new TieredCache(this.#compile);
    if (known === undefined) this.#bodies.set(body, cache);
    return cache.get(inputs.map((t) => `${t.elementType}[${t.shape}]`).join(";"), () => {
      const types = inputs.map((t, i) => [i, { elementType: t.elementType, shape: new PartialShape(t.shape) }] as const);
      const fixed = retypeModel(body, new Map(types));
      return fixed === body ? cloneModel(body) : fixed;
    });
  }
}
