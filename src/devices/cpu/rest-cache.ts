import type { RestInput } from "../../lowering/split-model.ts";
import { cloneModel } from "../../model/clone.ts";
import type { Model } from "../../model/model.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { parameter } from "../../ops/infrastructure/parameter.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type HostModel, TieredCache } from "./tiered-cache.ts";

/** What each input of a rest is read from: a border of the head, or an output of a break. */
export type Source =
  | { readonly kind: "border"; readonly border: number }
  | { readonly kind: "break"; readonly node: number; readonly output: number };

/** What lies behind a model's shape breaks, for each set of shapes that came out of them. */
export class RestCache<Compiled> {
  /** What the inputs of all rests are read from, in order. */
  readonly sources: readonly Source[];
  readonly #rest: Model;
  readonly #restInputs: readonly RestInput[];
  readonly #rests: TieredCache<Compiled>;

  /** `compile` is given the rest for some shapes, and what its inputs are read from. */
  constructor(rest: Model, restInputs: readonly RestInput[], compile: (rest: Model, sources: readonly Source[]) => Compiled) {
    this.#rest = rest;
    this.#restInputs = restInputs;
    this.sources = restInputs.filter((from): from is Source & typeof from => from.kind === "break" || !from.isValue);
    this.#rests = new TieredCache((model) => compile(model, this.sources));
  }

  /** The rest for these outputs of the breaks; `read` gives the elements of a border. */
  get(breaks: readonly (readonly Tensor[])[], read: (border: number) => Tensor): Compiled | HostModel {
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
    return this.#rests.get(key, () => this.#fixed(tensors));
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
