import { VintnerError } from "../common/errors.ts";
import type { Variable } from "../model/model.ts";
import { type VariableStates, zerosOf } from "../model/variable-states.ts";
import { Tensor } from "../tensor/tensor.ts";

/** One variable of a request, as OpenVINO's API has it. */
export class VariableState {
  readonly #variable: Variable;
  readonly #states: VariableStates;

  constructor(variable: Variable, states: VariableStates) {
    this.#variable = variable;
    this.#states = states;
  }

  /** The variable's id in the model. */
  get name(): string {
    return this.#variable.id;
  }

  /** The value that the next inference reads. After `reset` that is what the model begins with; zeros stand for it here. */
  get state(): Tensor {
    return this.#states.get(this.name) ?? zerosOf(this.#variable);
  }

  /** Copies the tensor. Throws INVALID_ARGUMENT where it is not of the variable's type or shape. */
  set state(value: Tensor) {
    const { id, elementType, shape } = this.#variable;
    const fits = value instanceof Tensor && (elementType === "dynamic" || value.elementType === elementType) && shape.accepts(value.shape);
    if (!fits)
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "the tensor does not fit the variable",
        where: `variable "${id}"`,
        expected: `${elementType}${shape}`,
        got: value instanceof Tensor ? `${value.elementType}[${value.shape}]` : typeof value,
      });
    this.#states.set(id, new Tensor(value.elementType, value.shape, value.data.slice()));
  }

  getName(): string {
    return this.name;
  }
  getState(): Tensor {
    return this.state;
  }
  setState(value: Tensor): void {
    this.state = value;
  }

  /** Makes the variable what it was before the first inference. */
  reset(): void {
    this.#states.reset(this.name);
  }
}
