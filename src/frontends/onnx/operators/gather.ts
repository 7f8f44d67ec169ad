import type { Output } from "../../../model/output.ts";
import { GatherElements6 } from "../../../ops/movement/gather-elements.ts";
import { GatherND8 } from "../../../ops/movement/gather-nd.ts";
import { Gather8 } from "../../../ops/movement/gather.ts";
import { ScatterElementsUpdate12, ScatterElementsUpdate3 } from "../../../ops/movement/scatter-elements-update.ts";
import { ScatterNDUpdate15, ScatterNDUpdate3 } from "../../../ops/movement/scatter-nd-update.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

const reductions = { none: "none", add: "sum", mul: "prod", min: "min", max: "max" } as const;

const reductionOf = (node: OnnxNode): (typeof reductions)[keyof typeof reductions] =>
  reductions[node.oneOf("reduction", ["none", "add", "mul", "min", "max"], "none")];

function scatterElements(node: OnnxNode): Output {
  const reduction = reductionOf(node);
  const inputs = [node.input(0), node.input(1), node.input(2), node.constant("i64", node.int("axis", 0))];
  return reduction === "none"
    ? node.add(ScatterElementsUpdate3, inputs)
    : node.add(ScatterElementsUpdate12, inputs, { reduction, use_init_val: true });
}

function scatterND(node: OnnxNode): Output {
  const reduction = reductionOf(node);
  const inputs = [node.input(0), node.input(1), node.input(2)];
  return reduction === "none" ? node.add(ScatterNDUpdate3, inputs) : node.add(ScatterNDUpdate15, inputs, { reduction });
}

export const gatherOperators: readonly Operator[] = [
  onnxOperator("Gather", (node) =>
    node.add(Gather8, [node.input(0), node.input(1), node.constant("i64", node.int("axis", 0))], { batch_dims: 0 }),
  ),
  onnxOperator("GatherElements", (node) => node.add(GatherElements6, [node.input(0), node.input(1)], { axis: node.int("axis", 0) })),
  onnxOperator("GatherND", (node) => node.add(GatherND8, [node.input(0), node.input(1)], { batch_dims: node.int("batch_dims", 0) })),
  onnxOperator("Scatter", scatterElements),
  onnxOperator("ScatterElements", scatterElements),
  onnxOperator("ScatterND", scatterND),
];
