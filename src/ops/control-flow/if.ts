import { VintnerError } from "../../common/errors.ts";
import type { Body, BodySchema } from "../../model/body.ts";
import type { InferContext, OutputSpec } from "../../model/operation.ts";
import { hasTypes, type ParameterType, retypeModel } from "../../model/reshape.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { defineOp } from "../define-op.ts";
import { isTrue } from "./iterations.ts";
import { firstType } from "./loop-bodies.ts";

const branch = (name: string, portMap: string): BodySchema => ({ name, portMap, inputs: ["invariant"], outputs: ["last"], ownInputs: 1 });

/**
 * Runs `then_body` where its first input is true, else `else_body`. The other inputs are what the port maps give to the branches. A
 * branch that does not accept the inputs' types is left as it is, and fails if it is ever taken: networks have branches for inputs of
 * other shapes.
 */
export const If8 = defineOp({
  type: "If",
  since: "opset8",
  attributes: {},
  inputs: [1, Number.POSITIVE_INFINITY],
  choiceInput: 0,
  bodies: [branch("then_body", "then_port_map"), branch("else_body", "else_port_map")],
  inferBodies: (context) => {
    const taken = takenBranch(context);
    const failures: unknown[] = [];
    const bodies = context.bodies.map((body, i) => {
      if (taken !== undefined && taken !== i) return body;
      try {
        return inferBranch(context, body);
      } catch (error) {
        if (!(error instanceof VintnerError) || error.code !== "INVALID_MODEL") throw error;
        failures.push(error);
        return body;
      }
    });
    if (failures.length === (taken === undefined ? 2 : 1)) throw failures[0];
    return bodies;
  },
  infer: (context) => {
    const [condition] = context.inputs;
    if (condition.partialShape.dimensions?.some((d) => isKnown(d) && d !== 1) === true)
      context.fail("the condition must be one element", { got: String(condition) });
    const [then, otherwise] = context.bodies.map(branchOutputs);
    const taken = takenBranch(context) ?? onlyFitting(context);
    if (taken !== undefined) return taken === 0 ? then : otherwise;
    return then.map((spec, i) => unite(context, spec, otherwise[i], i));
  },
  *control(context) {
    const { node, inputs } = context;
    const body = isTrue(context, inputs[0], "the condition") ? 0 : 1;
    const { model, inputs: sources, outputs } = node.bodies[body];
    const values = model.parameters.map((_, i) => inputs[(sources.find((s) => s.parameter === i) as { readonly input: number }).input]);
    const results = yield { body, inputs: values };
    return outputs.toSorted((a, b) => a.output - b.output).map((output) => results[output.result]);
  },
});

/** The body that runs, where the condition is known. */
function takenBranch(context: InferContext): number | undefined {
  const value = context.value(0)?.at(0);
  return value !== undefined && isKnown(value) ? Number(value === 0) : undefined;
}

/** The body whose parameters are of the inputs' types, where the other one's are not. */
function onlyFitting(context: InferContext): number | undefined {
  const fits = context.bodies.map((body) => hasTypes(body.model, typesOf(context, body)));
  return fits[0] === fits[1] ? undefined : fits.indexOf(true);
}

function typesOf(context: InferContext, body: Body): ReadonlyMap<number, ParameterType> {
  return new Map(body.inputs.map((input) => [input.parameter, firstType(context, input) as ParameterType]));
}

function inferBranch(context: InferContext, body: Body): Body {
  const model = retypeModel(body.model, typesOf(context, body));
  return model === body.model ? body : { ...body, model };
}

function branchOutputs({ model, outputs }: Body): OutputSpec[] {
  const specs: OutputSpec[] = [];
  for (const { output, result } of outputs) {
    const { elementType, partialShape } = model.results[result].outputs[0];
    specs[output] = { elementType, shape: partialShape };
  }
  return specs;
}

function unite(context: InferContext, a: OutputSpec, b: OutputSpec, i: number): OutputSpec {
  const types = [a.elementType, b.elementType].filter((t) => t !== "dynamic");
  if (types.length === 2 && types[0] !== types[1])
    context.fail(`output ${i} has another element type in each branch`, { got: types.join(" and ") });
  return { elementType: types[0] ?? "dynamic", shape: a.shape.unite(b.shape) };
}
