import type { AttributeSchemas, AttributesOf } from "../model/attribute.ts";
import type { Node } from "../model/node.ts";
import type { EvaluateContext, InferContext, OperationDefinition } from "../model/operation.ts";
import type { ScalarExpression } from "../model/scalar-expression.ts";

/** A definition whose type knows the operation's name, number of inputs and attributes; the opset builders follow from it. */
export type TypedOperation<Type extends string, Inputs extends OperationDefinition["inputs"], Schemas extends AttributeSchemas> = Omit<
  OperationDefinition,
  "type" | "inputs" | "attributes"
> & {
  readonly type: Type;
  readonly inputs: Inputs;
  readonly attributes: Schemas;
};

type Result<Name extends "infer" | "evaluate" | "control" | "inferBodies" | "decompose"> = ReturnType<
  NonNullable<OperationDefinition[Name]>
>;

/** What an operation is declared by: its functions see attributes of the types that its schemas say. */
type Declaration<Type extends string, Inputs extends OperationDefinition["inputs"], Schemas extends AttributeSchemas> = Omit<
  TypedOperation<Type, Inputs, Schemas>,
  "infer" | "evaluate" | "control" | "inferBodies" | "scalar" | "decompose"
> & {
  readonly infer: (context: InferContext<AttributesOf<Schemas>>) => Result<"infer">;
  readonly evaluate?: (context: EvaluateContext<AttributesOf<Schemas>>) => Result<"evaluate">;
  readonly control?: (context: EvaluateContext<AttributesOf<Schemas>>) => Result<"control">;
  readonly inferBodies?: (context: InferContext<AttributesOf<Schemas>>) => Result<"inferBodies">;
  readonly decompose?: (node: Node & { readonly attributes: AttributesOf<Schemas> }) => Result<"decompose">;
  readonly scalar?: (inputs: readonly ScalarExpression[], attributes: AttributesOf<Schemas>) => ScalarExpression;
};

/** Declares an operation; see model/operation.ts for the fields. Write the result's type nowhere: it is inferred. */
export const defineOp = <const Type extends string, const Inputs extends OperationDefinition["inputs"], Schemas extends AttributeSchemas>(
  declaration: Declaration<Type, Inputs, Schemas>,
  // A node's attributes have been checked against the schemas (model/validate-attributes.ts).
): TypedOperation<Type, Inputs, Schemas> => Object.freeze(declaration) as unknown as TypedOperation<Type, Inputs, Schemas>;
