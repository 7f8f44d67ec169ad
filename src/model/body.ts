import type { ErrorDetails } from "../common/errors.ts";
import type { Model } from "./model.ts";
import type { Node } from "./node.ts";

/**
 * Parts of a tensor along an axis, one an iteration. Positions below 0 count from the end, and both ends belong to the range;
 * a negative stride walks from the end to the beginning.
 */
export interface Slices {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly stride: number;
  readonly partSize: number;
}

/**
 * What a parameter of a body gets, by their numbers: an input of the node (`invariant`), a part of one in each iteration
 * (`sliced`), an input at first and a result of the body after each iteration (`merged`, OpenVINO's back edge), or the
 * number of the iteration, from 0.
 */
export type BodyInput =
  | { readonly kind: "invariant"; readonly parameter: number; readonly input: number }
  | ({ readonly kind: "sliced"; readonly parameter: number; readonly input: number } & Slices)
  | { readonly kind: "merged"; readonly parameter: number; readonly input: number; readonly result: number }
  | { readonly kind: "iteration"; readonly parameter: number };

/** What an output of the node is made of: a result of the last iteration, or those of all, one behind the other. */
export type BodyOutput =
  | { readonly kind: "last"; readonly result: number; readonly output: number }
  | ({ readonly kind: "concatenated"; readonly result: number; readonly output: number } & Slices);

/** A graph inside a node, with OpenVINO's port map. It belongs to its node alone and reads nothing but what the map gives it. */
export interface Body {
  readonly model: Model;
  readonly inputs: readonly BodyInput[];
  readonly outputs: readonly BodyOutput[];
  /** The result that says whether there is another iteration. */
  readonly condition?: number;
}

/** A body that an operation has: from it follow validation, reading and writing. */
export interface BodySchema {
  /** The element of the IR: `body`, `then_body`. */
  readonly name: string;
  /** `port_map`, `then_port_map`. */
  readonly portMap: string;
  readonly inputs: readonly BodyInput["kind"][];
  readonly outputs: readonly BodyOutput["kind"][];
  /** Whether a result may be the condition. */
  readonly hasCondition?: boolean;
  /** Inputs of the node that no body gets: the condition, the trip count. */
  readonly ownInputs: number;
}

/** Bodies in bodies, so deep at most: what walks into them recurses. */
export const mostBodyDepth = 16;

/** The models of a node's bodies, and those in them, outer ones first. Everything that walks into bodies does so by this. */
export function* bodiesOf(node: Node): Generator<Model> {
  for (const { model } of node.bodies) {
    yield model;
    yield* bodiesWithin(model);
  }
}

/** The models of all bodies in a model, also of those in bodies, outer ones first. */
export function* bodiesWithin(model: Model): Generator<Model> {
  for (const node of model.nodes()) if (node.bodies.length > 0) yield* bodiesOf(node);
}

/** All nodes of a model and of the bodies in it. */
export const allNodes = (model: Model): Node[] => [model, ...bodiesWithin(model)].flatMap((m) => m.nodes());

type Fail = (what: string, details?: Omit<ErrorDetails, "what" | "where">) => never;

/** How many bodies are inside each other, the given ones included. */
const depthOf = (bodies: readonly Body[]): number =>
  bodies.reduce((most, { model }) => model.nodes().reduce((n, node) => Math.max(n, 1 + node.bodyDepth), Math.max(most, 1)), 0);

/** Checks bodies against their schemas. Gives how deep they are. */
export function validateBodies(schemas: readonly BodySchema[], bodies: readonly Body[], inputs: number, fail: Fail): number {
  if (bodies.length !== schemas.length) fail("wrong number of bodies", { expected: `${schemas.length}`, got: `${bodies.length}` });
  for (const [i, schema] of schemas.entries()) validateBody(schema, bodies[i], inputs, fail);
  const [first, ...others] = bodies;
  if (others.some((body) => body.outputs.length !== first.outputs.length))
    fail("its bodies give different numbers of outputs", { got: bodies.map((body) => body.outputs.length).join(" and ") });
  const depth = depthOf(bodies);
  if (depth > mostBodyDepth) fail("bodies are inside each other too deep", { expected: `at most ${mostBodyDepth}`, got: `${depth}` });
  return depth;
}

function validateBody(schema: BodySchema, { model, inputs, outputs, condition }: Body, inputCount: number, fail: Fail): void {
  const port = (kind: string, number: number, least: number, count: number): void => {
    if (!Number.isInteger(number) || number < least || number >= count)
      fail(`the port map of its ${schema.name} names ${kind} ${number}`, { expected: least < count ? `${least} to ${count - 1}` : "none" });
  };
  const fed = new Set<number>();
  for (const input of inputs) {
    if (!schema.inputs.includes(input.kind)) fail(`its ${schema.name} cannot have inputs of this kind`, { got: input.kind });
    port("parameter", input.parameter, 0, model.parameters.length);
    if (fed.has(input.parameter)) fail(`the port map of its ${schema.name} gives parameter ${input.parameter} two values`);
    fed.add(input.parameter);
    if (input.kind !== "iteration") port("input", input.input, schema.ownInputs, inputCount);
    if (input.kind === "merged") port("result", input.result, 0, model.results.length);
    if (input.kind === "sliced") validateSlices(schema, input, fail);
  }
  for (const [i, parameter] of model.parameters.entries())
    if (!fed.has(i)) fail(`the port map of its ${schema.name} gives parameter "${parameter.friendlyName}" no value`);
  const given = new Set<number>();
  for (const output of outputs) {
    if (!schema.outputs.includes(output.kind)) fail(`its ${schema.name} cannot have outputs of this kind`, { got: output.kind });
    port("result", output.result, 0, model.results.length);
    port("output", output.output, 0, outputs.length);
    if (given.has(output.output)) fail(`the port map of its ${schema.name} gives output ${output.output} two values`);
    given.add(output.output);
    if (output.kind === "concatenated") validateSlices(schema, output, fail);
  }
  if (condition === undefined) return;
  if (schema.hasCondition !== true) fail(`its ${schema.name} cannot have a condition`);
  port("result", condition, 0, model.results.length);
}

function validateSlices({ name }: BodySchema, slices: Slices, fail: Fail): void {
  const { axis, start, end, stride, partSize } = slices;
  if ([axis, start, end, stride, partSize].every(Number.isSafeInteger) && partSize > 0 && Math.abs(stride) === partSize) return;
  fail(`the parts of a tensor in the port map of its ${name} are none`, {
    expected: "integers, and a stride of the part's size",
    got: JSON.stringify({ axis, start, end, stride, partSize }),
  });
}
