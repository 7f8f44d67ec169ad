import type { Body, BodySchema } from "../../model/body.ts";
import type { InferContext, OutputSpec } from "../../model/operation.ts";
import { type ParameterType, retypeModel } from "../../model/reshape.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { defineOp } from "../define-op.ts";
import { isTrue } from "./iterations.ts";
import { firstType } from "./loop-bodies.ts";

const branch = (name: string, portMap: string): BodySchema => ({ name, portMap, inputs: ["invariant"], outputs: ["last"], ownInputs: 1 });

/** Runs `then_body` where its first input is true, else `else_body`. The other inputs are what the port maps give to the branches. */
export const If8 = defineOp({
  type: "If",
  since: "opset8",
  attributes: {},
  inputs: [1, Number.POSITIVE_INFINITY],
  bodies: [branch("then_body", "then_port_map"), branch("else_body", "else_port_map")],
  inferBodies: (context) => context.bodies.map((body) => inferBranch(context, body)),
  infer: (context) => {
    const [condition] = context.inputs;
    if (condition.partialShape.dimensions?.some((d) => isKnown(d) && d !== 1) === true)
      context.fail("the condition must be one element", { got: String(condition) });
    const [then, otherwise] = context.bodies.map(branchOutputs);
    // Where the condition is known, so are the shapes.
    const taken = context.value(0)?.[0];
    if (taken === 1) return then;
    if (taken === 0) return otherwise;
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

function inferBranch(context: InferContext, body: Body): Body {
  const types = new Map<number, ParameterType>();
  for (const input of body.inputs) types.set(input.parameter, firstType(context, input) as ParameterType);
  const model = retypeModel(body.model, types);
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
