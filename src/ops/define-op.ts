import type { AttributeSchema } from "../model/attribute.ts";
import type { OperationDefinition } from "../model/operation.ts";

/** A definition whose type knows the operation's name, number of inputs and attributes; the opset builders follow from it. */
export type TypedOperation<
  Type extends string,
  Inputs extends OperationDefinition["inputs"],
  Schemas extends Readonly<Record<string, AttributeSchema>>,
> = Omit<OperationDefinition, "type" | "inputs" | "attributes"> & {
  readonly type: Type;
  readonly inputs: Inputs;
  readonly attributes: Schemas;
};

/** Declares an operation; see model/operation.ts for the fields. Write the result's type nowhere: it is inferred. */
export const defineOp = <
  const Type extends string,
  const Inputs extends OperationDefinition["inputs"],
  Schemas extends Readonly<Record<string, AttributeSchema>>,
>(
  definition: TypedOperation<Type, Inputs, Schemas>,
): TypedOperation<Type, Inputs, Schemas> => Object.freeze(definition);
