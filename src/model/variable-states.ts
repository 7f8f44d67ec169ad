import { VintnerError } from "../common/errors.ts";
import { isKnown, minOf } from "../tensor/dimension.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "./model.ts";

/**
 * The variables of one request. What an inference writes counts from the next one on, so that reads do not depend on the order of
 * nodes, and an inference that fails leaves everything as it was.
 */
export class VariableStates {
  readonly variables: readonly Variable[];
  readonly #values = new Map<string, Tensor>();
  readonly #written = new Map<string, Tensor>();

  constructor(variables: readonly Variable[]) {
    this.variables = variables;
  }

  /** The value; undefined after `reset`, when a read gives its own first value. */
  get(id: string): Tensor | undefined {
    return this.#values.get(id);
  }

  /** Sets the value for the next inference. */
  set(id: string, value: Tensor): void {
    this.#values.set(id, value);
  }

  /** Forgets the value of a variable, or of all. */
  reset(id?: string): void {
    if (id === undefined) this.#values.clear();
    else this.#values.delete(id);
  }

  /** Called by the inference that writes a variable; `commit` makes it count. */
  write(id: string, value: Tensor): void {
    this.#written.set(id, value);
  }

  /** To be called before an inference. */
  begin(): void {
    this.#written.clear();
  }

  /** To be called after an inference that has succeeded. Values are copied: a tensor may be an input, or memory of the device. */
  commit(): void {
    for (const [id, { elementType, shape, data }] of this.#written) this.#values.set(id, new Tensor(elementType, shape, data.slice()));
    this.#written.clear();
  }
}

/** Zeros of a variable's type; open lengths are as short as they may be. */
export function zerosOf({ id, elementType, shape }: Variable): Tensor {
  if (elementType === "dynamic")
    throw new VintnerError("INVALID_ARGUMENT", { what: "the variable has no value before the first inference", where: `variable "${id}"` });
  return new Tensor(elementType, shape.dimensions?.map((d) => (isKnown(d) ? d : minOf(d))) ?? []);
}
