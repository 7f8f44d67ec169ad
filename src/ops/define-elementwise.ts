import { string } from "../model/attribute.ts";
import type { AttributeSchema, Attributes } from "../model/attribute.ts";
import type { InferContext, OperationDefinition, Opset } from "../model/operation.ts";
import { input, type ScalarExpression } from "../model/scalar-expression.ts";
import { type Dimension, isKnown } from "../tensor/dimension.ts";
import {
  addDimensions,
  floorDivideDimension,
  maxDimensions,
  minDimensions,
  multiplyDimensions,
  subtractDimensions,
} from "../tensor/dimension-arithmetic.ts";
import { type ElementType, isInteger } from "../tensor/element-type.ts";
import { broadcastDimensions } from "./broadcast-dimensions.ts";
import { defineOp, type TypedOperation } from "./define-op.ts";
import { evaluateScalar } from "./evaluate-scalar.ts";
import { outputSpec } from "./output-spec.ts";

interface ElementwiseOptions<
  Type extends string,
  Inputs extends OperationDefinition["inputs"],
  S extends Readonly<Record<string, AttributeSchema>>,
> {
  readonly type: Type;
  readonly irType?: string;
  readonly since: Opset;
  readonly inputs: Inputs;
  readonly attributes?: S;
  readonly scalar: (inputs: readonly ScalarExpression[], attributes: Attributes) => ScalarExpression;
  /** The output's type; default that of the inputs, which must agree. */
  readonly outputType?: (context: InferContext) => ElementType;
}

/** The attribute that OpenVINO's binary operations have. */
export const autoBroadcast = { auto_broadcast: string({ default: "numpy", oneOf: ["numpy", "none", "pdpd"] }) } as const;

/** The common type of all inputs. Throws where they differ. */
export function commonType(context: InferContext, inputs: readonly number[] = context.inputs.map((_, i) => i)): ElementType {
  const types = inputs.map((i) => context.inputs[i].elementType).filter((t) => t !== "dynamic");
  const [first = "dynamic"] = types;
  if (types.some((t) => t !== first))
    context.fail("the inputs' element types differ", { expected: "one type", got: types.join(" and "), hint: "Insert a Convert" });
  return first;
}

/** The broadcast dimensions of all inputs. Throws where they do not fit. */
export function commonDimensions(context: InferContext): readonly Dimension[] | undefined {
  return context.inputs.reduce<readonly Dimension[] | undefined>((sum, i, position) => {
    if (position === 0) return i.partialShape.dimensions;
    const next = broadcastDimensions(sum, i.partialShape.dimensions);
    if (next === null)
      return context.fail("the inputs' shapes cannot be broadcast together", {
        got: context.inputs.map((x) => String(x.partialShape)).join(" and "),
      });
    return next;
  }, []);
}

/** Declares an element-wise operation: shapes by numpy broadcasting, evaluation and kernels from its expression. */
export function defineElementwise<
  const Type extends string,
  const Inputs extends OperationDefinition["inputs"],
  S extends Readonly<Record<string, AttributeSchema>> = Record<never, AttributeSchema>,
>(options: ElementwiseOptions<Type, Inputs, S>): TypedOperation<Type, Inputs, S> {
  const { type, irType, since, inputs, scalar } = options;
  return defineOp({
    type,
    ...(irType === undefined ? {} : { irType }),
    since,
    inputs,
    attributes: options.attributes ?? ({} as S),
    infer: (context) => {
      const elementType = options.outputType?.(context) ?? commonType(context);
      return [outputSpec(elementType, commonDimensions(context), isInteger(elementType) ? propagate(context, scalar) : undefined)];
    },
    scalar,
    evaluate: ({ inputs: tensors, attributes, outputs }) => [
      evaluateScalar(
        scalar(
          tensors.map((_, i) => input(i)),
          attributes,
        ),
        tensors,
        outputs[0].elementType,
      ),
    ],
  });
}

/** Integers through the expression, as far as dimension arithmetic has it: what shape sub-graphs compute. */
function propagate(context: InferContext, scalar: ElementwiseOptions<string, number, never>["scalar"]): readonly Dimension[] | undefined {
  const values = context.inputs.map((_, i) => context.value(i));
  if (values.some((v) => v === undefined)) return undefined;
  const known = values as readonly (readonly Dimension[])[];
  const length = Math.max(...known.map((v) => v.length));
  // Vectors and scalars: what shapes are made of.
  if (known.some((v) => v.length !== length && v.length !== 1) || context.inputs.some((i) => (i.partialShape.rank ?? 2) > 1))
    return undefined;
  const expression = scalar(
    known.map((_, i) => input(i)),
    context.attributes,
  );
  const out: Dimension[] = [];
  for (let i = 0; i < length; i++) {
    const d = dimensionOf(
      expression,
      known.map((v) => v[v.length === 1 ? 0 : i]),
    );
    if (d === undefined) return undefined;
    out.push(d);
  }
  return out;
}

function dimensionOf(e: ScalarExpression, inputs: readonly Dimension[]): Dimension | undefined {
  switch (e.kind) {
    case "input":
      return inputs[e.index];
    case "constant":
      return Number.isInteger(e.value) ? e.value : undefined;
    case "binary": {
      const [a, b] = [dimensionOf(e.a, inputs), dimensionOf(e.b, inputs)];
      if (a === undefined || b === undefined) return undefined;
      return binaryDimension(e.op, a, b);
    }
    default:
      return undefined;
  }
}

function binaryDimension(op: string, a: Dimension, b: Dimension): Dimension | undefined {
  switch (op) {
    case "add":
      return addDimensions(a, b);
    case "sub":
      return subtractDimensions(a, b);
    case "mul":
      return multiplyDimensions(a, b);
    case "min":
      return minDimensions(a, b);
    case "max":
      return maxDimensions(a, b);
    case "div":
      if (isKnown(a) && isKnown(b)) return b === 0 ? undefined : Math.trunc(a / b);
      return isKnown(b) && b > 0 && !isKnown(a) && a.min >= 0 ? floorDivideDimension(a, b) : undefined;
    case "mod":
      return isKnown(a) && isKnown(b) && b !== 0 ? a % b : undefined;
    case "floorMod":
      return isKnown(a) && isKnown(b) && b !== 0 ? a - Math.floor(a / b) * b : undefined;
    default:
      return undefined;
  }
}
