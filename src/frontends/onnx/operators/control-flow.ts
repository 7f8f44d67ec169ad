import { VintnerError } from "../../../common/errors.ts";
import type { GraphProto } from "../../../formats/protobuf/generated/onnx_pb.ts";
import type { Body, BodyInput, BodyOutput } from "../../../model/body.ts";
import { Model } from "../../../model/model.ts";
import type { Node } from "../../../model/node.ts";
import type { Output } from "../../../model/output.ts";
import { If8 } from "../../../ops/control-flow/if.ts";
import { Loop5 } from "../../../ops/control-flow/loop.ts";
import { widened } from "../../../ops/control-flow/loop-bodies.ts";
import { TensorIterator } from "../../../ops/control-flow/tensor-iterator.ts";
import { parameter } from "../../../ops/infrastructure/parameter.ts";
import { result } from "../../../ops/infrastructure/result.ts";
import { Squeeze1 as Squeeze } from "../../../ops/shape/squeeze.ts";
import { Unsqueeze } from "../../../ops/shape/unsqueeze.ts";
import { PartialShape } from "../../../tensor/partial-shape.ts";
import type { ConvertedGraph, OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";
import type { Capture } from "../values.ts";

/** Times that a loop's body is converted, each time with shapes that allow what the last one hands to the next iteration. */
const mostPasses = 4;

/** A body's model; the results are called like the sub-graph's outputs, as OpenVINO does. */
function bodyModel(name: string, parameters: readonly Node[], outputs: readonly Output[], captures: readonly Capture[]): Model {
  return new Model({
    name,
    parameters: [...parameters, ...captures.map((c) => c.parameter)],
    results: outputs.map((output) => result(output)),
  });
}

/** Parameters behind the `first` own ones, from the node's inputs at `base` on. */
const captured = (captures: readonly Capture[], first: number, base: number): BodyInput[] =>
  captures.map((_, i) => ({ kind: "invariant", parameter: first + i, input: base + i }));

function ifOperator(node: OnnxNode): readonly Output[] {
  const graphs = ["then_branch", "else_branch"].map((name) => node.graph(name));
  try {
    return branches(node, graphs);
  } catch (error) {
    // A branch that the network never takes may not fit the shapes at hand.
    const taken = node.numbers(node.input(0))?.at(0);
    if (!(error instanceof VintnerError) || taken === undefined) throw error;
    return node.spellOut(graphs[taken === 0 ? 1 : 0]);
  }
}

function branches(node: OnnxNode, graphs: readonly GraphProto[]): readonly Output[] {
  const inputs: Output[] = [node.input(0)];
  const bodies = graphs.map((graph): Body => {
    const { outputs, captures } = node.convertGraph(graph, []);
    const own = captures.map(({ outer }, i): BodyInput => {
      const known = inputs.indexOf(outer, 1);
      return { kind: "invariant", parameter: i, input: known < 0 ? inputs.push(outer) - 1 : known };
    });
    return {
      model: bodyModel(graph.name, [], outputs, captures),
      inputs: own,
      outputs: outputs.map((_, i): BodyOutput => ({ kind: "last", result: i, output: i })),
    };
  });
  return node.addNode(If8, inputs, {}, bodies).outputs;
}

interface State {
  readonly outputs: readonly Output[];
  readonly parameters: readonly Node[];
  readonly graph: ConvertedGraph;
}

/** Converts a body until the shapes of its state hold for all iterations. `results` finds the state in the sub-graph's outputs. */
function convertLoop(
  node: OnnxNode,
  graph: GraphProto,
  names: readonly string[],
  initial: readonly Output[],
  others: { readonly before: () => Output[]; readonly after: () => Output[] },
  stateAt: number,
): State {
  let shapes = initial.map((o) => o.partialShape);
  for (let pass = 1; ; pass++) {
    const parameters = initial.map((o, i) => parameter(o.elementType, shapes[i], names[i]));
    const own = parameters.map((p) => p.outputs[0]);
    const converted = node.convertGraph(graph, [...others.before(), ...own, ...others.after()]);
    const next = shapes.map((shape, i) => {
      const output = converted.outputs.at(stateAt + i);
      return output === undefined ? shape : widened(shape, output.partialShape);
    });
    if (next.every((shape, i) => shape === shapes[i])) return { outputs: converted.outputs, parameters, graph: converted };
    if (pass >= mostPasses) node.fail("the shapes that its body hands to the next iteration do not settle");
    shapes = next;
  }
}

const unsqueezed = (node: OnnxNode, output: Output, axis: number): Output => node.add(Unsqueeze, [output, node.constant("i64", [axis])]);

const whole = (axis: number, backwards = false) =>
  backwards ? { axis, start: -1, end: 0, stride: -1, partSize: 1 } : { axis, start: 0, end: -1, stride: 1, partSize: 1 };

/** Without a trip count or a condition nothing but the other ends it. What the body gets for the condition is always true. */
function loop(node: OnnxNode): readonly Output[] {
  const [trips, goesOn] = [node.inputs.at(0) ?? node.constant("i64", -1), node.inputs.at(1) ?? node.constant("boolean", 1)];
  const initial = node.inputs.slice(2).map((_, i) => node.input(2 + i));
  const graph = node.graph("body");
  const names = graph.input.slice(2).map((i) => i.name);
  const iteration = parameter("i64", new PartialShape([]), graph.input.at(0)?.name ?? "iteration");
  const {
    outputs,
    parameters,
    graph: converted,
  } = convertLoop(node, graph, names, initial, { before: () => [iteration.outputs[0], node.constant("boolean", 1)], after: () => [] }, 1);
  if (outputs.length < 1 + initial.length)
    node.fail("its body gives too few outputs", { expected: `at least ${1 + initial.length}`, got: `${outputs.length}` });
  const scans = outputs.slice(1 + initial.length).map((output) => unsqueezed(node, output, 0));
  const body: Body = {
    model: bodyModel(graph.name, [iteration, ...parameters], [...outputs.slice(0, 1 + initial.length), ...scans], converted.captures),
    inputs: [
      ...initial.map((_, i): BodyInput => ({ kind: "merged", parameter: 1 + i, input: 2 + i, result: 1 + i })),
      ...captured(converted.captures, 1 + initial.length, 2 + initial.length),
      { kind: "iteration", parameter: 0 },
    ],
    outputs: outputs
      .slice(1)
      .map((_, i): BodyOutput =>
        i < initial.length ? { kind: "last", result: 1 + i, output: i } : { kind: "concatenated", result: 1 + i, output: i, ...whole(0) },
      ),
    condition: 0,
  };
  return node.addNode(Loop5, [trips, goesOn, ...initial, ...converted.captures.map((c) => c.outer)], {}, [body]).outputs;
}

/** Axes and directions of Scan's inputs or outputs: 0 for each by default. */
function listOf(node: OnnxNode, name: string, count: number): readonly number[] {
  const list = node.ints(name) ?? new Array<number>(count).fill(0);
  return list.length === count
    ? list
    : node.fail(`attribute "${name}" has the wrong length`, { expected: `${count}`, got: `${list.length}` });
}

/** Runs the body on each slice of the last `num_scan_inputs` inputs. */
function scanOver(node: OnnxNode, inputs: readonly Output[], attributes: "axes" | "directions"): readonly Output[] {
  const graph = node.graph("body");
  const count = node.int("num_scan_inputs");
  const states = inputs.length - count;
  if (count < 1 || states < 0)
    node.fail('attribute "num_scan_inputs" is out of range', { expected: `1 to ${inputs.length}`, got: `${count}` });
  const hasAxes = attributes === "axes";
  const axes = hasAxes ? listOf(node, "scan_input_axes", count) : new Array<number>(count).fill(0);
  const directions = listOf(node, hasAxes ? "scan_input_directions" : "directions", count);
  const slices = inputs.slice(states).map((input, i) => {
    const { dimensions } = input.partialShape;
    const axis = dimensions === undefined ? axes[i] : node.axis(axes[i], dimensions.length);
    const shape = new PartialShape(dimensions?.map((d, k) => (k === axis ? 1 : d)));
    const part = parameter(input.elementType, shape, `${graph.input.at(states + i)?.name ?? "part"}/part`);
    return { part, axis, value: (): Output => node.add(Squeeze, [part.outputs[0], node.constant("i64", [axis])]) };
  });
  const {
    outputs,
    parameters,
    graph: converted,
  } = convertLoop(
    node,
    graph,
    graph.input.map((i) => i.name),
    inputs.slice(0, states),
    { before: () => [], after: () => slices.map((s) => s.value()) },
    0,
  );
  const results = Math.max(0, outputs.length - states);
  const outputAxes = hasAxes ? listOf(node, "scan_output_axes", results) : new Array<number>(results).fill(0);
  const outputDirections = hasAxes ? listOf(node, "scan_output_directions", results) : outputAxes;
  if (outputs.length < states) node.fail("its body gives too few outputs", { expected: `at least ${states}`, got: `${outputs.length}` });
  const scans = outputs.slice(states).map((output, i) => {
    const axis = outputAxes[i] < 0 ? outputAxes[i] + node.rank(output) + 1 : outputAxes[i];
    return { output: unsqueezed(node, output, axis), slices: whole(axis, outputDirections[i] === 1) };
  });
  const body: Body = {
    model: bodyModel(
      graph.name,
      [...parameters, ...slices.map((s) => s.part)],
      [...outputs.slice(0, states), ...scans.map((s) => s.output)],
      converted.captures,
    ),
    inputs: [
      ...slices.map(({ axis }, i): BodyInput => ({
        kind: "sliced",
        parameter: states + i,
        input: states + i,
        ...whole(axis, directions[i] === 1),
      })),
      ...parameters.map((_, i): BodyInput => ({ kind: "merged", parameter: i, input: i, result: i })),
      ...captured(converted.captures, inputs.length, inputs.length),
    ],
    outputs: outputs.map((_, i): BodyOutput =>
      i < states ? { kind: "last", result: i, output: i } : { kind: "concatenated", result: i, output: i, ...scans[i - states].slices },
    ),
  };
  return node.addNode(TensorIterator, [...inputs, ...converted.captures.map((c) => c.outer)], {}, [body]).outputs;
}

/** In opset 8 each item of the batch, axis 0 of all inputs and outputs, is scanned by itself. */
function batchedScan(node: OnnxNode): readonly Output[] {
  if (node.inputs.at(0) !== undefined) node.unsupported("sequence lengths of Scan are not supported");
  const inputs = node.inputs.slice(1).map((_, i) => node.input(1 + i));
  const { node: inner, values } = node.inside();
  const items = inputs.map(({ elementType, partialShape: { dimensions } }, i) =>
    parameter(elementType, new PartialShape(dimensions?.map((d, k) => (k === 0 ? 1 : d))), `item${i}`),
  );
  const own = items.map((item) => inner.add(Squeeze, [item.outputs[0], inner.constant("i64", [0])]));
  const outputs = scanOver(inner, own, "directions").map((output) => unsqueezed(inner, output, 0));
  const body: Body = {
    model: bodyModel(node.name, items, outputs, values.captures),
    inputs: [
      ...inputs.map((_, i): BodyInput => ({ kind: "sliced", parameter: i, input: i, ...whole(0) })),
      ...captured(values.captures, inputs.length, inputs.length),
    ],
    outputs: outputs.map((_, i): BodyOutput => ({ kind: "concatenated", result: i, output: i, ...whole(0) })),
  };
  return node.addNode(TensorIterator, [...inputs, ...values.captures.map((c) => c.outer)], {}, [body]).outputs;
}

export const controlFlowOperators: readonly Operator[] = [
  onnxOperator("If", ifOperator),
  onnxOperator("Loop", loop),
  onnxOperator("Scan", { 8: batchedScan, 9: (node) => scanOver(node, node.allInputs(), "axes") }),
];
