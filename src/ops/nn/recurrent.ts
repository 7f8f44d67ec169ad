import { shapeSize } from "../../common/shape.ts";
import { type AttributeSchema, float, floats, int, string, strings } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, type Dimension, mergeDimensions } from "../../tensor/dimension.ts";
import { multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { allocateNumbers, type NumberArray, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { integersOf } from "../movement/indices.ts";
import { outputSpec } from "../output-spec.ts";
import { activationNames, type CellAttributes, type CellStep, type CellWeights } from "./recurrent-cells.ts";

/** Attributes of all recurrent operations; `defaults` are their activations. */
export const recurrentAttributes = (defaults: readonly string[]) =>
  ({
    hidden_size: int(),
    activations: strings(defaults),
    activations_alpha: floats([]),
    activations_beta: floats([]),
    clip: float(0),
  }) as const satisfies Readonly<Record<string, AttributeSchema>>;

export const direction = string({ oneOf: ["forward", "reverse", "bidirectional"] });

type SequenceAttributes = CellAttributes & { readonly direction: "forward" | "reverse" | "bidirectional" };

/** What kind of cell an operation runs. */
export interface CellKind {
  /** Gates, each with `hidden_size` rows of weights. */
  readonly gates: number;
  /** Parts of the bias, each of `hidden_size` numbers. */
  readonly biasParts: (attributes: CellAttributes) => number;
  /** Inputs of state: 1, or 2 with the cell state. */
  readonly states: 1 | 2;
  readonly activations: number;
}

const directionsOf = (attributes: SequenceAttributes): number => (attributes.direction === "bidirectional" ? 2 : 1);

/** Checks that an input has this shape, as far as both are known, and gives what is known together. */
function expectShape(
  context: Pick<InferContext, "inputs" | "fail">,
  i: number,
  name: string,
  shape: readonly Dimension[],
): readonly Dimension[] {
  const given = context.inputs[i]?.partialShape;
  if (given?.dimensions === undefined) return shape;
  const merged = given.dimensions.map((d, axis) => (axis < shape.length ? mergeDimensions(d, shape[axis]) : undefined));
  if (given.rank !== shape.length || merged.includes(undefined))
    context.fail(`${name} has the wrong shape`, {
      expected: `[${shape.map((d) => (typeof d === "number" ? d : "?")).join(",")}]`,
      got: `${given}`,
    });
  return merged as readonly Dimension[];
}

function checkAttributes(context: InferContext<CellAttributes>, kind: CellKind): number {
  const hidden = context.attributes.hidden_size;
  const names = context.attributes.activations;
  if (hidden < 1) context.fail("hidden_size must be positive", { got: String(hidden) });
  if (names.length < kind.activations || names.some((n) => !activationNames.some((known) => known === n.toLowerCase())))
    context.fail("unknown activations", { expected: `${kind.activations} of ${activationNames.join(", ")}`, got: `[${names}]` });
  return hidden;
}

/** Shapes of a cell: X [N, I], states [N, H], W [gates * H, I], R [gates * H, H], B [parts * H]. */
export function inferCell(context: InferContext<CellAttributes>, kind: CellKind): readonly OutputSpec[] {
  const hidden = checkAttributes(context, kind);
  const type = context.inputs[0].elementType;
  const [batch, size] = expectShape(context, 0, "the data", [anyDimension, anyDimension]);
  let items = batch;
  for (let s = 1; s <= kind.states; s++) [items] = expectShape(context, s, "the state", [items, hidden]);
  const rows = kind.gates * hidden;
  expectShape(context, kind.states + 1, "W", [rows, size]);
  expectShape(context, kind.states + 2, "R", [rows, hidden]);
  expectShape(context, kind.states + 3, "B", [kind.biasParts(context.attributes) * hidden]);
  return Array.from({ length: kind.states }, () => outputSpec(type, [items, hidden]));
}

/** Shapes of a sequence: X [N, T, I], states [N, D, H], lengths [N], W [D, gates * H, I], R [D, gates * H, H], B [D, parts * H]. */
export function inferSequence(context: InferContext<SequenceAttributes>, kind: CellKind): readonly OutputSpec[] {
  const hidden = checkAttributes(context, kind);
  const directions = directionsOf(context.attributes);
  const type = context.inputs[0].elementType;
  const [batch, steps, size] = expectShape(context, 0, "the data", [anyDimension, anyDimension, anyDimension]);
  let items = batch;
  for (let s = 1; s <= kind.states; s++) [items] = expectShape(context, s, "the state", [items, directions, hidden]);
  [items] = expectShape(context, kind.states + 1, "the sequence lengths", [items]);
  const rows = multiplyDimensions(kind.gates, hidden);
  expectShape(context, kind.states + 2, "W", [directions, rows, size]);
  expectShape(context, kind.states + 3, "R", [directions, rows, hidden]);
  expectShape(context, kind.states + 4, "B", [directions, kind.biasParts(context.attributes) * hidden]);
  const state = outputSpec(type, [items, directions, hidden]);
  return [outputSpec(type, [items, directions, steps, hidden]), ...Array.from({ length: kind.states }, () => state)];
}

function weightsOf(
  tensors: readonly NumberArray[],
  d: number,
  kind: CellKind,
  parts: number,
  inputSize: number,
  hiddenSize: number,
): CellWeights {
  const [input, recurrent, bias] = tensors;
  const part = (array: NumberArray, length: number): NumberArray => array.subarray(d * length, (d + 1) * length);
  const rows = kind.gates * hiddenSize;
  return {
    input: part(input, rows * inputSize),
    recurrent: part(recurrent, rows * hiddenSize),
    bias: part(bias, parts * hiddenSize),
    inputSize,
    hiddenSize,
  };
}

/** One step for each batch item. `peepholes` are LSTM's of opset1. */
export function evaluateCell(
  { attributes, inputs }: EvaluateContext<CellAttributes>,
  kind: CellKind,
  step: CellStep,
  peepholes?: Tensor,
): readonly Tensor[] {
  const [x, ...states] = inputs.slice(0, 1 + kind.states);
  const [batch, inputSize] = x.shape;
  const hiddenSize = attributes.hidden_size;
  const parts = kind.biasParts(attributes);
  const [w, r, b] = inputs.slice(1 + kind.states, 4 + kind.states).map(tensorNumbers);
  const tensors = [w, r, b ?? new Float32Array(parts * hiddenSize)];
  const weights = { ...weightsOf(tensors, 0, kind, parts, inputSize, hiddenSize), peepholes: peepholes && tensorNumbers(peepholes) };
  const data = tensorNumbers(x);
  const results = states.map((s) => Float64Array.from(tensorNumbers(s)));
  for (let n = 0; n < batch; n++) {
    const at = (array: Float64Array | undefined): Float64Array =>
      array?.subarray(n * hiddenSize, (n + 1) * hiddenSize) ?? new Float64Array(0);
    step(weights, data.subarray(n * inputSize, (n + 1) * inputSize), { hidden: at(results[0]), cell: at(results[1]) });
  }
  return results.map((result) => tensorOfNumbers(x.elementType, [batch, hiddenSize], result));
}

/** All steps of all batch items and directions. Behind a sequence's length the output is 0 and the state stays. */
export function evaluateSequence(
  { node, attributes, inputs }: EvaluateContext<SequenceAttributes>,
  kind: CellKind,
  step: CellStep,
): readonly Tensor[] {
  const [x, ...rest] = inputs;
  const [batch, steps, inputSize] = x.shape;
  const hiddenSize = attributes.hidden_size;
  const directions = directionsOf(attributes);
  const lengths = integersOf(rest[kind.states]);
  if (lengths.some((length) => length < 0 || length > steps))
    node.fail("a sequence is longer than the data", { expected: `0 to ${steps}`, got: `[${lengths}]` });
  const tensors = rest.slice(kind.states + 1).map(tensorNumbers);
  const data = tensorNumbers(x);
  const states = rest.slice(0, kind.states).map((s) => Float64Array.from(tensorNumbers(s)));
  const outputShape = [batch, directions, steps, hiddenSize];
  const output = allocateNumbers(x.elementType, shapeSize(outputShape));
  for (let d = 0; d < directions; d++) {
    const weights = weightsOf(tensors, d, kind, kind.biasParts(attributes), inputSize, hiddenSize);
    const backwards = d === 1 || attributes.direction === "reverse";
    for (let n = 0; n < batch; n++) {
      const item = n * directions + d;
      const at = (array: Float64Array | undefined): Float64Array =>
        array?.subarray(item * hiddenSize, (item + 1) * hiddenSize) ?? new Float64Array(0);
      const state = { hidden: at(states[0]), cell: at(states[1]) };
      for (let k = 0; k < lengths[n]; k++) {
        const t = backwards ? lengths[n] - 1 - k : k;
        step(weights, data.subarray((n * steps + t) * inputSize, (n * steps + t + 1) * inputSize), state);
        output.set(state.hidden, (item * steps + t) * hiddenSize);
      }
    }
  }
  const stateShape = [batch, directions, hiddenSize];
  return [tensorOfNumbers(x.elementType, outputShape, output), ...states.map((s) => tensorOfNumbers(x.elementType, stateShape, s))];
}
