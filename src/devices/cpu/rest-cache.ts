import { shapeSize } from "../../common/shape.ts";
import type { RestInput } from "../../lowering/split-model.ts";
import { cloneModel } from "../../model/clone.ts";
import type { Model } from "../../model/model.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { parameter } from "../../ops/infrastructure/parameter.ts";
import { maxOf } from "../../tensor/dimension.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ReferenceExecutable } from "../reference/reference-executable.ts";
import { LruMap } from "./lru-map.ts";
import { loweringOf } from "./lowerings.ts";

/** Rests kept for the shapes that came out last. */
const mostRests = 32;
/** Elements up to which the host computes what a rest without products and windows computes before a program for it is made. */
const mostHostElements = 1 << 16;

/** A rest that is small enough to be evaluated by the operations' own semantics where its shapes have been met but once. */
export interface HostRest {
  readonly kind: "host";
  readonly executable: ReferenceExecutable;
}

/** What each input of a rest is read from: a border of the head, or an output of a break. */
export type Source =
  | { readonly kind: "border"; readonly border: number }
  | { readonly kind: "break"; readonly node: number; readonly output: number };

interface Entry<Compiled> {
  rest: Compiled | HostRest;
  isMetAgain: boolean;
}

/**
 * What lies behind a model's shape breaks, for each set of shapes that came out of them.
 *
 * A program is worth its compilation where there is much to compute or where the shapes come again. What a picture holds differs from
 * frame to frame, and the operations behind a NonZero are often few and small, so such a rest is evaluated on the host when its shapes
 * come for the first time. Programs for the next power of two (buckets) would need operations that leave what is filled up alone; sums,
 * concatenations and orders do not.
 */
export class RestCache<Compiled> {
  /** What the inputs of all rests are read from, in order. */
  readonly sources: readonly Source[];
  readonly #rest: Model;
  readonly #restInputs: readonly RestInput[];
  readonly #compile: (rest: Model, sources: readonly Source[]) => Compiled;
  readonly #entries = new LruMap<string, Entry<Compiled>>(mostRests);

  /** `compile` is given the rest for some shapes, and what its inputs are read from. */
  constructor(rest: Model, restInputs: readonly RestInput[], compile: (rest: Model, sources: readonly Source[]) => Compiled) {
    this.#rest = rest;
    this.#restInputs = restInputs;
    this.#compile = compile;
    this.sources = restInputs.filter((from): from is Source & typeof from => from.kind === "break" || !from.isValue);
  }

  /** The rest for these outputs of the breaks; `read` gives the elements of a border. */
  get(breaks: readonly (readonly Tensor[])[], read: (border: number) => Tensor): Compiled | HostRest {
    const restInputs = this.#restInputs;
    const tensors = restInputs.map((from) =>
      from.kind === "break" ? breaks[from.node][from.output] : from.isValue ? read(from.border) : undefined,
    );
    const key = restInputs
      .flatMap((from, i) => {
        const tensor = tensors[i];
        return tensor === undefined ? [] : from.kind === "break" ? tensor.shape.join(",") : tensor.data.join(",");
      })
      .join(";");
    let isNew = false;
    const entry = this.#entries.get(key, () => {
      isNew = true;
      const model = this.#fixed(tensors);
      return isLight(model)
        ? { rest: { kind: "host", executable: new ReferenceExecutable(model, { PERF_COUNT: true }) }, isMetAgain: false }
        : { rest: this.#compile(model, this.sources), isMetAgain: true };
    });
    if (!isNew && !entry.isMetAgain) {
      entry.isMetAgain = true;
      entry.rest = this.#compile(this.#fixed(tensors), this.sources);
    }
    return entry.rest;
  }

  /** The rest for the shapes of the breaks' outputs, and for the elements that decide shapes. */
  #fixed(tensors: readonly (Tensor | undefined)[]): Model {
    const model = cloneModel(this.#rest, ({ friendlyName }, i) => {
      const tensor = tensors[i];
      if (tensor === undefined) return undefined;
      return this.#restInputs[i].kind === "break"
        ? parameter(tensor.elementType, new PartialShape(tensor.shape), friendlyName, [])
        : constantNode(tensor, { friendlyName });
    });
    model.parameters = model.parameters.filter((p) => p.op.role === "parameter");
    return model;
  }
}

/** Whether the host computes a model about as fast as a program for it is made. */
function isLight(model: Model): boolean {
  let elements = 0;
  for (const node of model.nodes()) {
    if (loweringOf(node.type)?.takesEpilogue !== undefined) return false;
    if (node.op.role !== "constant")
      for (const { partialShape } of node.outputs) elements += shapeSize(partialShape.dimensions?.map(maxOf) ?? [Number.POSITIVE_INFINITY]);
    if (!(elements <= mostHostElements)) return false;
  }
  return true;
}
