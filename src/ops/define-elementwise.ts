import { shapeSize } from "../common/shape.ts";
import type { AttributeSchema, AttributeSchemas, Attributes, AttributesOf } from "../model/attribute.ts";
import type { InferContext, OperationDefinition, Opset } from "../model/operation.ts";
import { input, type ScalarExpression } from "../model/scalar-expression.ts";
import { type Dimension, isKnown } from "../tensor/dimension.ts";
import { type ElementType, elementTypes, isInteger } from "../tensor/element-type.ts";
import { alignTensors, commonDimensions } from "./auto-broadcast.ts";
import { defineOp, type TypedOperation } from "./define-op.ts";
import { evaluateScalar } from "./evaluate-scalar.ts";
import { outputSpec } from "./output-spec.ts";
import { propagateScalar } from "./propagate-scalar.ts";

/** Which element types inputs may have; `numeric` is all but boolean. */
type Domain = "numeric" | "float" | "boolean" | "any";

type Scalar<A extends Attributes> = (inputs: readonly ScalarExpression[], attributes: A) => ScalarExpression;

interface ElementwiseOptions<Type extends string, Inputs extends OperationDefinition["inputs"], S extends AttributeSchemas> {
  readonly type: Type;
  readonly irType?: string;
  readonly since: Opset;
  readonly inputs: Inputs;
  readonly attributes?: S;
  readonly scalar: Scalar<AttributesOf<S>>;
  /** Default `numeric`. */
  readonly accepts?: Domain;
  /** The output's type; default that of the inputs. A function checks the inputs itself. */
  readonly outputType?: ElementType | ((context: InferContext<AttributesOf<S>>) => ElementType);
  /** Inputs of one element that do not shape the output, such as Selu's alpha. */
  readonly parameters?: readonly number[];
}

const kinds: Readonly<Record<Domain, (kind: string) => boolean>> = {
  numeric: (kind) => kind !== "boolean",
  float: (kind) => kind === "float",
  boolean: (kind) => kind === "boolean",
  any: () => true,
};

/** The common type of inputs. Throws where they differ, or are not of the domain. */
export function commonType(
  context: InferContext,
  accepts: Domain,
  inputs: readonly number[] = context.inputs.map((_, i) => i),
): ElementType {
  const types = inputs.map((i) => context.inputs[i].elementType).filter((t) => t !== "dynamic");
  const [first = "dynamic"] = types;
  if (types.some((t) => t !== first))
    context.fail("the inputs' element types differ", { expected: "one type", got: types.join(" and "), hint: "Insert a Convert" });
  if (first !== "dynamic" && !kinds[accepts](elementTypes[first].kind))
    context.fail("the operation is not defined for this element type", {
      expected: accepts === "numeric" ? "numbers" : accepts === "float" ? "floats" : accepts,
      got: first,
    });
  return first;
}

/** Declares an element-wise operation: shapes by broadcasting, values of shape sub-graphs, evaluation and kernels from its expression. */
export function defineElementwise<
  const Type extends string,
  const Inputs extends OperationDefinition["inputs"],
  S extends AttributeSchemas = Record<never, AttributeSchema>,
>(options: ElementwiseOptions<Type, Inputs, S>): TypedOperation<Type, Inputs, S> {
  const { type, irType, since, inputs, scalar, accepts = "numeric", outputType, parameters = [] } = options;
  return defineOp({
    type,
    ...(irType === undefined ? {} : { irType }),
    since,
    inputs,
    attributes: options.attributes ?? ({} as S),
    infer: (context) => {
      const elementType = typeof outputType === "function" ? outputType(context) : (outputType ?? commonType(context, accepts));
      if (typeof outputType === "string") commonType(context, accepts);
      for (const i of parameters) if (context.inputs[i]) checkOneElement(context, i);
      const shaping = context.inputs.map((_, i) => i).filter((i) => !parameters.includes(i));
      const dimensions = commonDimensions(context, shaping);
      const isExact = isInteger(elementType) || elementType === "boolean";
      return [outputSpec(elementType, dimensions, isExact ? propagate(context, scalar, dimensions) : undefined)];
    },
    scalar,
    evaluate: ({ inputs: tensors, attributes, outputs }) => [
      evaluateScalar(
        scalar(
          tensors.map((_, i) => input(i)),
          attributes,
        ),
        alignTensors(attributes, tensors).map((t, i) => (parameters.includes(i) ? t.reshaped([]) : t)),
        outputs[0].elementType,
      ),
    ],
  });
}

function checkOneElement(context: InferContext, i: number): void {
  const shape = context.inputs[i].partialShape;
  if (shape.isStatic && shapeSize(shape.dimensions as readonly number[]) !== 1)
    context.fail(`input ${i} must have one element`, { got: String(shape) });
}

/** The elements of scalars and vectors, which shapes are made of, as far as they are known. */
function propagate<A extends Attributes>(
  context: InferContext<A>,
  scalar: Scalar<A>,
  dimensions: readonly Dimension[] | undefined,
): readonly Dimension[] | undefined {
  if (dimensions === undefined || dimensions.length > 1) return undefined;
  const [length = 1] = dimensions;
  const values = context.inputs.map((_, i) => context.value(i));
  if (!isKnown(length) || !values.every((v) => v !== undefined && (v.length === length || v.length === 1))) return undefined;
  const expression = scalar(
    values.map((_, i) => input(i)),
    context.attributes,
  );
  const out: Dimension[] = [];
  for (let i = 0; i < length; i++) {
    const d = propagateScalar(
      expression,
      values.map((v = []) => v[v.length === 1 ? 0 : i]),
    );
    if (d === undefined) return undefined;
    out.push(d);
  }
  return out;
}
