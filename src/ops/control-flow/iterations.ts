import { VintnerError } from "../../common/errors.ts";
import type { BodyInput, BodyOutput } from "../../model/body.ts";
import type { Control, EvaluateContext } from "../../model/operation.ts";
import { isKnown, minOf } from "../../tensor/dimension.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { concatTensors } from "../movement/concat.ts";
import { partOf } from "./slices.ts";

/** A loop of more iterations is taken for one without end. */
export const mostIterations = 1_000_000;

/** Whether a tensor of one element is not 0. */
export function isTrue({ node }: EvaluateContext, tensor: Tensor, what: string): boolean {
  if (tensor.size !== 1) node.fail(`${what} must be one element`, { got: `${tensor.elementType}[${tensor.shape}]` });
  return tensorNumbers(tensor)[0] !== 0;
}

/** Runs the body up to `count` times, and as long as its condition holds; not at all where `goesOn` is false. */
export function* iterate(context: EvaluateContext, count: number, goesOn: boolean): Control {
  const { node, inputs } = context;
  const [{ model, inputs: sources, outputs, condition }] = node.bodies;
  const merged = new Map<number, Tensor>();
  for (const source of sources) if (source.kind === "merged") merged.set(source.parameter, inputs[source.input]);
  const parts = outputs.map((): Tensor[] => []);
  let last: readonly Tensor[] | undefined;
  const valueOf = (source: BodyInput, i: number): Tensor => {
    if (source.kind === "merged") return merged.get(source.parameter) as Tensor;
    if (source.kind === "invariant") return inputs[source.input];
    if (source.kind === "sliced") return partOf(inputs[source.input], source, i);
    const { elementType, partialShape } = model.parameters[source.parameter].outputs[0];
    return tensorOfNumbers(elementType, new Array<number>(partialShape.rank ?? 0).fill(1), [i]);
  };
  for (let i = 0; goesOn && i < count; i++) {
    if (i >= mostIterations)
      throw new VintnerError("UNSUPPORTED", {
        what: "the loop does not end",
        where: node.where,
        expected: `at most ${mostIterations} iterations`,
      });
    const values = new Array<Tensor>(model.parameters.length);
    for (const source of sources) values[source.parameter] = valueOf(source, i);
    const results: readonly Tensor[] = yield { body: 0, inputs: values };
    for (const source of sources) if (source.kind === "merged") merged.set(source.parameter, results[source.result]);
    for (const [k, output] of outputs.entries()) if (output.kind === "concatenated") parts[k].push(results[output.result]);
    last = results;
    if (condition !== undefined) goesOn = isTrue(context, results[condition], "the condition of the next iteration");
  }
  const values = new Array<Tensor>(outputs.length);
  for (const [k, output] of outputs.entries())
    values[output.output] =
      output.kind === "concatenated" && parts[k].length > 0
        ? joined(context, parts[k], output)
        : (last?.[output.result] ?? withoutIterations(context, output));
  return values;
}

function joined({ node }: EvaluateContext, parts: readonly Tensor[], output: BodyOutput & { readonly kind: "concatenated" }): Tensor {
  const rank = parts[0].shape.length;
  const axis = output.axis < 0 ? output.axis + rank : output.axis;
  const fits = (part: Tensor): boolean => part.shape.length === rank && part.shape.every((d, i) => i === axis || d === parts[0].shape[i]);
  if (axis < 0 || axis >= rank || !parts.every(fits))
    node.fail(`the parts of output ${output.output} cannot be joined on axis ${output.axis}`, {
      got: [...new Set(parts.map((p) => `[${p.shape}]`))].slice(0, 4).join(", "),
    });
  return concatTensors(output.stride > 0 ? parts : parts.toReversed(), axis);
}

/** What an output is where the body never ran: the first value of what it is the last of, or nothing. */
function withoutIterations({ node, inputs }: EvaluateContext, output: BodyOutput): Tensor {
  const [body] = node.bodies;
  if (output.kind === "last")
    for (const source of body.inputs) if (source.kind === "merged" && source.result === output.result) return inputs[source.input];
  const { elementType, partialShape } = body.model.results[output.result].outputs[0];
  const lengths = partialShape.dimensions?.map((d) => (isKnown(d) ? d : minOf(d))) ?? [0];
  if (output.kind === "last") return new Tensor(elementType, lengths);
  const axis = output.axis < 0 ? output.axis + lengths.length : output.axis;
  return new Tensor(
    elementType,
    lengths.map((d, i) => (i === axis ? 0 : d)),
  );
}
