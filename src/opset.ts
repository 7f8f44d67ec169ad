import type { Body } from "./model/body.ts";
import { Node } from "./model/node.ts";
import type { OperationDefinition } from "./model/operation.ts";
import { type Builder, builderOf, type BuilderInput, type CamelCase, camelCase, toOutput } from "./ops/builder.ts";
import { If8 } from "./ops/control-flow/if.ts";
import { Loop5 } from "./ops/control-flow/loop.ts";
import { TensorIterator } from "./ops/control-flow/tensor-iterator.ts";
import { constantNode } from "./ops/infrastructure/constant.ts";
import { parameter } from "./ops/infrastructure/parameter.ts";
import { result } from "./ops/infrastructure/result.ts";
import type { opsets } from "./ops/registry.ts";
import { allOperations } from "./ops/registry.ts";
import type { ElementType, TypedArray } from "./tensor/element-type.ts";
import { PartialShape } from "./tensor/partial-shape.ts";
import { Tensor } from "./tensor/tensor.ts";

export type { Body, BodyInput, BodyOutput, Slices } from "./model/body.ts";
export type { Builder, BuilderInput } from "./ops/builder.ts";

type BuildersOf<List extends readonly OperationDefinition[]> = {
  readonly [Op in List[number] as string extends Op["type"] ? never : CamelCase<Op["type"]>]: Builder<Op>;
};
/** Later opsets replace the operations of earlier ones. */
type Newest<Lists extends readonly (readonly OperationDefinition[])[], Found = unknown> = Lists extends readonly [
  infer First extends readonly OperationDefinition[],
  ...infer Rest extends readonly (readonly OperationDefinition[])[],
]
  ? Newest<Rest, Omit<Found, keyof BuildersOf<First>> & BuildersOf<First>>
  : Found;

/** A shape: lengths, OpenVINO's spelling such as `[1,3,?,224..448]`, or a PartialShape. */
export type ShapeLike = readonly number[] | string | PartialShape;

/** What takes more than operations and attributes: the borders of a model, its data, and operations with bodies. */
const special = {
  /** An input of a model. Its tensor has the same name. */
  parameter: (elementType: ElementType, shape: ShapeLike, name: string): Node =>
    parameter(
      elementType,
      shape instanceof PartialShape ? shape : PartialShape.parse(typeof shape === "string" ? shape : `[${shape.join(",")}]`),
      name,
    ),
  /** Data. Numbers without a shape are a vector, one number a scalar. */
  constant: (elementType: ElementType, values: number | readonly number[] | TypedArray, shape?: readonly number[]): Node => {
    const list = typeof values === "number" ? [values] : values;
    return constantNode(new Tensor(elementType, shape ?? (typeof values === "number" ? [] : [list.length]), list));
  },
  /** An output of a model, which passes `value` on; `name` becomes a name of that tensor. */
  result: (value: BuilderInput, name?: string): Node => {
    const output = toOutput(value, "the value of a result");
    if (name !== undefined) output.names.add(name);
    return result(output);
  },
  /**
   * Runs the first of two bodies where the condition is true, else the second. `inputs` are inputs 1, 2 ... of the port maps:
   *
   *     const branch = (y: Node) => ({
   *       model: new Model({ name: "branch", parameters: [p], results: [opset.result(y)] }),
   *       inputs: [{ kind: "invariant", parameter: 0, input: 1 }],
   *       outputs: [{ kind: "last", result: 0, output: 0 }],
   *     });
   */
  if: (condition: BuilderInput, inputs: readonly BuilderInput[], then: Body, otherwise: Body): Node =>
    withBodies(If8, [condition, ...inputs], [then, otherwise]),
  /** Runs a body up to `tripCount` times, while the condition holds. `inputs` are inputs 2, 3 ... of the port map. */
  loop: (tripCount: BuilderInput, condition: BuilderInput, inputs: readonly BuilderInput[], body: Body): Node =>
    withBodies(Loop5, [tripCount, condition, ...inputs], [body]),
  /** Runs a body on each part of its sliced inputs. */
  tensorIterator: (inputs: readonly BuilderInput[], body: Body): Node => withBodies(TensorIterator, inputs, [body]),
};

function withBodies(op: OperationDefinition, inputs: readonly BuilderInput[], bodies: readonly Body[]): Node {
  return new Node(
    op,
    inputs.map((input, i) => toOutput(input, `input ${i} of ${op.type}`)),
    {},
    { bodies },
  );
}

/**
 * Builds models by hand: a function for every operation, in its newest version, named like OpenVINO's class in camel case. It takes the
 * operation's inputs, then its attributes under the names of the IR, and gives the node:
 *
 *     const x = opset.parameter("f32", [1, 3, 224, 224], "x");
 *     const y = opset.relu(opset.convolution(x, weights, { strides: [2, 2], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] }));
 *     const model = new Model({ name: "net", parameters: [x], results: [opset.result(y, "y")] });
 */
export const opset: Omit<Newest<typeof opsets>, keyof typeof special> & typeof special = {
  ...(Object.fromEntries(allOperations().map((op) => [camelCase(op.type), builderOf(op)])) as unknown as Newest<typeof opsets>),
  ...special,
};
