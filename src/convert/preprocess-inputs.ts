import { VintnerError } from "../common/errors.ts";
import type { AttributeValue } from "../model/attribute.ts";
import { type Model, portNames } from "../model/model.ts";
import { node, type Node } from "../model/node.ts";
import type { OperationDefinition } from "../model/operation.ts";
import type { Output } from "../model/output.ts";
import { Divide } from "../ops/elementwise/divide.ts";
import { Subtract } from "../ops/elementwise/subtract.ts";
import { Gather8 } from "../ops/movement/gather.ts";
import { Transpose } from "../ops/movement/transpose.ts";
import { parameter } from "../ops/infrastructure/parameter.ts";
import { isFloat } from "../tensor/element-type.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { constantOf } from "../transformations/evaluate-node.ts";
import { channelAxis, noChannels } from "./channel-axis.ts";
import type { ChannelValues } from "./channel-values.ts";
import { fitsRank, type Layout, type LayoutSpec, transposition } from "./layout.ts";

/** What happens to the data between the model's inputs and its body. */
export interface Preprocessing {
  readonly layouts: readonly LayoutSpec[];
  readonly reverseInputChannels: boolean;
  readonly means: readonly ChannelValues[];
  readonly scales: readonly ChannelValues[];
  /** One divisor for all inputs. */
  readonly scale?: number;
}

/**
 * Puts preprocessing behind the inputs, in place and in the Model Optimizer's order: reversed channels, minus mean, by
 * scale, then the transposition to the source's layout. Means and scales are in the order that the body sees.
 */
export function preprocessInputs(model: Model, options: Preprocessing): void {
  if (isEmpty(options)) return;
  const layouts = assign(model, options.layouts, "layout");
  const means = assign(model, options.means, "meanValues");
  const scales = assign(model, options.scales, "scaleValues");
  const consumers = model.consumers();
  let reversed = 0;
  model.parameters = model.parameters.map((input) => {
    const layout = layouts.get(input);
    const own = inputOfLayout(input, layout);
    const readers = consumers.get(input.outputs[0]) ?? [];
    const chain = new Chain(own);
    const visible = layout?.target ?? layout?.source;
    if (options.reverseInputChannels && reverse(chain, visible)) reversed++;
    const mean = means.get(input);
    if (mean) arithmetic(chain, Subtract, mean.values, visible, "meanValues");
    const scale = scales.get(input)?.values ?? (options.scale === undefined ? undefined : [options.scale]);
    if (scale && (scales.has(input) || isFloat(input.outputs[0].elementType))) arithmetic(chain, Divide, scale, visible, "scaleValues");
    if (layout?.target) chain.add(Transpose, [constantOf("i64", transposition(layout.target, layout.source) ?? [])]);
    if (chain.end !== input.outputs[0]) for (const reader of readers) reader.node.setInput(reader.input, chain.end);
    return own;
  });
  if (options.reverseInputChannels && reversed === 0)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: 'option "reverseInputChannels" finds no input with 3 channels',
      where: `model "${model.name}"`,
      got: model.inputs.map((i) => `"${i.anyName}": ${i}`).join(", "),
    });
  model.validate();
}

const isEmpty = ({ layouts, reverseInputChannels, means, scales, scale }: Preprocessing): boolean =>
  layouts.length + means.length + scales.length === 0 && !reverseInputChannels && scale === undefined;

/** Operations in a row, named for the input that they follow. */
class Chain {
  readonly input: Node;
  end: Output;

  constructor(input: Node) {
    this.input = input;
    [this.end] = input.outputs;
  }

  add(op: OperationDefinition, more: readonly Output[], attributes: Readonly<Record<string, AttributeValue>> = {}): void {
    const friendlyName = `${this.input.friendlyName}/${op.type}`;
    [this.end] = node(op, [this.end, ...more], attributes, { friendlyName }).outputs;
  }
}

/** Matches entries to inputs: by name; those without name by position, or to the only input there is. */
function assign<T extends { readonly name?: string }>(model: Model, entries: readonly T[], option: string): Map<Node, T> {
  const assigned = new Map<Node, T>();
  const unnamed = entries.filter((e) => e.name === undefined);
  const images = model.parameters.filter((p) => (p.outputs[0].partialShape.rank ?? 0) >= 3);
  const targets = images.length === unnamed.length ? images : model.parameters;
  if (unnamed.length > 0 && unnamed.length !== targets.length)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `option "${option}" does not say which input it is for`,
      expected: `one entry for each of ${model.inputs.map((i) => `"${i.anyName}"`).join(", ")}, or names`,
      got: `${unnamed.length} entries without name`,
    });
  for (const [i, entry] of unnamed.entries()) assigned.set(targets[i], entry);
  for (const entry of entries) if (entry.name !== undefined) assigned.set(model.input(entry.name).node, entry);
  return assigned;
}

function inputOfLayout(input: Node, layout: LayoutSpec | undefined): Node {
  if (layout === undefined) return input;
  const { elementType, partialShape, names } = input.outputs[0];
  const dims = partialShape.dimensions;
  const order = layout.target && transposition(layout.source, layout.target);
  if (dims === undefined || !fitsRank(layout.source, dims.length) || (layout.target && order === undefined))
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `option "layout" does not fit input "${input.friendlyName}"`,
      expected: `a layout of ${dims?.length ?? "known"} axes, with the same names on both sides of "->"`,
      got: `[${layout.source.join(",")}]${layout.target ? `->[${layout.target.join(",")}]` : ""} for ${partialShape}`,
    });
  const shape = order ? new PartialShape(order.map((axis) => dims[axis])) : partialShape;
  const made = order ? parameter(elementType, shape, input.friendlyName, [...names]) : input;
  if (order) for (const [key, value] of input.rtInfo) made.rtInfo.set(key, value);
  made.outputs[0].rtInfo.set("layout", { version: "0", layout: `[${(layout.target ?? layout.source).join(",").toUpperCase()}]` });
  return made;
}

const rgb = 3;

function reverse(chain: Chain, layout: Layout | undefined): boolean {
  const axis = channelAxis(chain.end.partialShape, layout, rgb);
  if (axis === undefined || (chain.end.partialShape.rank ?? 0) < 3) return false;
  chain.add(Gather8, [constantOf("i64", [2, 1, 0]), constantOf("i64", axis)]);
  return true;
}

function arithmetic(chain: Chain, op: OperationDefinition, values: readonly number[], layout: Layout | undefined, option: string): void {
  const { partialShape, elementType } = chain.end;
  const [name] = portNames(chain.input.outputs[0]);
  if (!isFloat(elementType))
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `option "${option}" needs an input of floats`,
      where: `input "${name}"`,
      got: elementType,
      hint: 'Give the input a type, as in input: "name{f32}"',
    });
  if (op === Divide && values.includes(0))
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `option "${option}" divides by 0`,
      expected: "numbers other than 0",
      got: `[${values.join(",")}]`,
    });
  const shape = new Array<number>(partialShape.rank ?? 0).fill(1);
  if (values.length > 1) {
    const axis = channelAxis(partialShape, layout, values.length) ?? noChannels(option, name, partialShape, values.length);
    shape[axis] = values.length;
  }
  chain.add(op, [constantOf(elementType, values, shape)]);
}
