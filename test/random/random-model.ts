import { VintnerError } from "../../src/common/errors.ts";
import { inputTypes, lengths, ModelDraft } from "./model-draft.ts";
import { randomOperations } from "./random-operations.ts";

/** One drawn step: which operation, on which outputs, with which parameters. All numbers are taken modulo what there is. */
export interface RecipeStep {
  readonly operation: number;
  readonly picks: readonly number[];
  readonly parameters: readonly number[];
}

/** What a model is made from. Shrinking it (fewer steps, smaller numbers) shrinks the model. */
export interface Recipe {
  readonly inputs: readonly { readonly type: number; readonly shape: readonly number[] }[];
  readonly steps: readonly RecipeStep[];
}

/** The model that a recipe decides. Steps that do not fit what there is are left out. */
export function randomModel({ inputs, steps }: Recipe): ModelDraft {
  const draft = new ModelDraft();
  for (const { type, shape } of inputs)
    draft.addInput(
      inputTypes[type % inputTypes.length],
      shape.map((d) => lengths[d % lengths.length]),
    );
  for (const { operation, picks, parameters } of steps)
    try {
      draft.add(randomOperations[operation % randomOperations.length]({ model: draft, picks, parameters }) ?? []);
    } catch (error) {
      // What the operation's inference refuses is no model.
      if (!(error instanceof VintnerError && error.code === "INVALID_MODEL")) throw error;
    }
  return draft;
}
