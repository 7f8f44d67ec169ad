import type { Body, BodyInput, BodyOutput } from "../../model/body.ts";
import type { InferContext, OutputSpec } from "../../model/operation.ts";
import { type ParameterType, retypeModel } from "../../model/reshape.ts";
import { anyDimension, type Dimension, minOf } from "../../tensor/dimension.ts";
import { multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { resolveAxis } from "../movement/indices.ts";

/** Times that a body is inferred: with the first shapes, with the lengths that change open, with the ranks that change open. */
const mostPasses = 4;

const typeOf = (output: { readonly elementType: ParameterType["elementType"]; readonly partialShape: PartialShape }): ParameterType => ({
  elementType: output.elementType,
  shape: output.partialShape,
});

/** What an input of the node gives a parameter at first; undefined for the number of the iteration, which has its own type. */
export function firstType(context: InferContext, input: BodyInput): ParameterType | undefined {
  if (input.kind === "iteration") return undefined;
  const type = typeOf(context.inputs[input.input]);
  const { dimensions } = type.shape;
  if (input.kind !== "sliced" || dimensions === undefined) return type;
  const axis = resolveAxis(context, input.axis, dimensions.length);
  return { ...type, shape: new PartialShape(dimensions.map((d, i) => (i === axis ? input.partSize : d))) };
}

/** The body of a loop for the node's inputs: what merged parameters are after any number of iterations is found step by step. */
export function inferLoopBody(context: InferContext, body: Body): Body {
  const types = new Map<number, ParameterType>();
  for (const input of body.inputs) {
    const type = firstType(context, input);
    if (type) types.set(input.parameter, type);
  }
  let model = retypeModel(body.model, types);
  for (let pass = 1; widen(context, body, model, types); pass++) {
    if (pass >= mostPasses) context.fail("the shapes that the body hands to its next iteration do not settle");
    model = retypeModel(model, types);
  }
  return model === body.model ? body : { ...body, model };
}

/** Makes the types of merged parameters allow what the body gives for the next iteration. False where they do already. */
function widen(context: InferContext, { inputs }: Body, model: Body["model"], types: Map<number, ParameterType>): boolean {
  let changed = false;
  for (const input of inputs) {
    if (input.kind !== "merged") continue;
    const own = types.get(input.parameter) as ParameterType;
    const next = typeOf(model.results[input.result].outputs[0]);
    if (next.elementType !== own.elementType && next.elementType !== "dynamic" && own.elementType !== "dynamic")
      context.fail(`the body hands a value of another type to its parameter "${model.parameters[input.parameter].friendlyName}"`, {
        expected: own.elementType,
        got: next.elementType,
      });
    const shape = widened(own.shape, next.shape);
    if (shape === own.shape) continue;
    types.set(input.parameter, { elementType: own.elementType, shape });
    changed = true;
  }
  return changed;
}

/** A shape that allows `next` too: where a length changes, any. The same one where it allows it already. */
export function widened(own: PartialShape, next: PartialShape): PartialShape {
  const union = own.unite(next);
  if (String(union) === String(own)) return own;
  return new PartialShape(union.dimensions?.map((d, i) => (own.dimensions?.[i] === d ? d : anyDimension)));
}

/** The node's outputs after a number of iterations, as far as it is known. */
export function loopOutputs(context: InferContext, body: Body, iterations: Dimension): OutputSpec[] {
  const specs: OutputSpec[] = [];
  for (const output of body.outputs) specs[output.output] = outputOf(context, body, output, iterations);
  return specs;
}

function outputOf(context: InferContext, { model, inputs }: Body, output: BodyOutput, iterations: Dimension): OutputSpec {
  const { elementType, partialShape: shape } = model.results[output.result].outputs[0];
  if (output.kind === "last") {
    // Without an iteration it is what came in.
    const first = inputs.find((input) => input.kind === "merged" && input.result === output.result);
    const initial = first && firstType(context, first);
    if (initial === undefined || minOf(iterations) > 0) return { elementType, shape };
    return { elementType, shape: iterations === 0 ? initial.shape : initial.shape.unite(shape) };
  }
  if (shape.dimensions === undefined) return { elementType, shape };
  const axis = resolveAxis(context, output.axis, shape.dimensions.length);
  return {
    elementType,
    shape: new PartialShape(shape.dimensions.map((d, i) => (i === axis ? multiplyDimensions(d, iterations) : d))),
  };
}
