import { VintnerError } from "../common/errors.ts";
import type { AttributeSchemas, AttributeValue, OptionalAttribute, ValueOf } from "../model/attribute.ts";
import { Node } from "../model/node.ts";
import type { OperationDefinition } from "../model/operation.ts";
import { Output } from "../model/output.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { TypedOperation } from "./define-op.ts";
import { constantNode } from "./infrastructure/constant.ts";

/** What a builder takes for an input: an output, a node that has one output, or a tensor, which becomes a Constant. */
export type BuilderInput = Output | Node | Tensor;

type OptionalNames<S extends AttributeSchemas> = { [K in keyof S]: S[K] extends OptionalAttribute ? K : never }[keyof S];
type GivenAttributes<S extends AttributeSchemas> = { readonly [K in Exclude<keyof S, OptionalNames<S>>]: ValueOf<S[K]> } & {
  readonly [K in OptionalNames<S>]?: ValueOf<S[K]>;
};

/** The last argument: none for operations without attributes, and not needed where each has a default. */
type AttributeArgument<S extends AttributeSchemas> = [keyof S] extends [never]
  ? []
  : Partial<GivenAttributes<S>> extends GivenAttributes<S>
    ? [attributes?: GivenAttributes<S>]
    : [attributes: GivenAttributes<S>];

type Repeat<Count extends number, List extends BuilderInput[] = []> = List["length"] extends Count
  ? List
  : Repeat<Count, [...List, BuilderInput]>;
type Between<Most extends number, List extends BuilderInput[]> = List["length"] extends Most
  ? List
  : List | Between<Most, [...List, BuilderInput]>;

/** One argument an input; a list for operations that take any number of them. */
type InputArguments<I> = I extends readonly [infer Least extends number, infer Most extends number]
  ? number extends Most
    ? [inputs: readonly BuilderInput[]]
    : Between<Most, Repeat<Least>>
  : I extends number
    ? Repeat<I>
    : never;

/** The function that applies an operation: its inputs, then its attributes under the IR's names. Throws INVALID_MODEL. */
export type Builder<D> =
  D extends TypedOperation<string, infer I, infer S> ? (...args: [...InputArguments<I>, ...AttributeArgument<S>]) => Node : never;

type IsUpper<C extends string> = C extends Lowercase<C> ? false : true;

/** `HSwish` to `hSwish`, `LSTMCell` to `lstmCell`, `MVN` to `mvn`. */
export type CamelCase<S extends string> = S extends `${infer A}${infer B}${infer Rest}`
  ? IsUpper<B> extends true
    ? Rest extends `${infer C}${string}`
      ? IsUpper<C> extends true
        ? `${Lowercase<A>}${CamelCase<`${B}${Rest}`>}`
        : `${Lowercase<A>}${B}${Rest}`
      : `${Lowercase<A>}${Lowercase<B>}`
    : `${Lowercase<A>}${B}${Rest}`
  : Lowercase<S>;

/** See the type of the same name. */
export function camelCase(name: string): string {
  const isUpper = (c: string | undefined): boolean => c !== undefined && c !== c.toLowerCase();
  let end = 1;
  while (isUpper(name[end]) && (name[end + 1] === undefined || isUpper(name[end + 1]))) end++;
  return name.slice(0, end).toLowerCase() + name.slice(end);
}

/** Makes the builder of a definition. */
export function builderOf<D extends OperationDefinition>(op: D): Builder<D> {
  const build = (...args: readonly unknown[]): Node => {
    const last = args.at(-1);
    const hasAttributes = args.length > 0 && !isInput(last) && !Array.isArray(last);
    const inputs = (hasAttributes ? args.slice(0, -1) : args).flat();
    const attributes = (hasAttributes ? last : {}) as Readonly<Record<string, AttributeValue>>;
    return new Node(
      op,
      inputs.map((input, i) => toOutput(input, `input ${i} of ${op.type}`)),
      attributes,
    );
  };
  return build as unknown as Builder<D>;
}

const isInput = (value: unknown): value is BuilderInput => value instanceof Output || value instanceof Node || value instanceof Tensor;

/** The output that is meant. Throws INVALID_ARGUMENT. */
export function toOutput(input: unknown, where: string): Output {
  if (input instanceof Output) return input;
  if (input instanceof Tensor) return constantNode(input).outputs[0];
  if (input instanceof Node && input.outputs.length === 1) return input.outputs[0];
  throw new VintnerError("INVALID_ARGUMENT", {
    what: "this cannot be an input",
    where,
    expected: "an output, a node with one output, or a tensor",
    got: input instanceof Node ? `${input.where} with ${input.outputs.length} outputs` : String(input),
    ...(input instanceof Node ? { hint: "Choose one of node.outputs" } : {}),
  });
}
