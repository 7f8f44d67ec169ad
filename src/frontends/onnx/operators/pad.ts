import type { Output } from "../../../model/output.ts";
import { Broadcast3 } from "../../../ops/shape/broadcast.ts";
import { Pad12 } from "../../../ops/movement/pad.ts";
import { ScatterElementsUpdate3 } from "../../../ops/movement/scatter-elements-update.ts";
import { Split } from "../../../ops/movement/split.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator } from "../operator.ts";

const modeOf = (node: OnnxNode): "constant" | "reflect" | "edge" => {
  const mode = node.oneOf("mode", ["constant", "reflect", "edge", "wrap"], "constant");
  return mode === "wrap" ? node.unsupported('mode "wrap" is not supported') : mode;
};

function add(node: OnnxNode, begin: Output, end: Output, value: Output): Output {
  const pad_mode = modeOf(node);
  return node.add(Pad12, [node.input(0), begin, end, ...(pad_mode === "constant" ? [value] : [])], { pad_mode });
}

/** Pads are attributes: the begins of all dimensions, then their ends. */
function byAttributes(node: OnnxNode): Output {
  const pads = node.ints("pads") ?? node.ints("paddings") ?? node.fail('attribute "pads" is missing');
  if (pads.length % 2 !== 0) node.fail('attribute "pads" needs a begin and an end for each dimension', { got: `[${pads.join(",")}]` });
  const [begin, end] = [pads.slice(0, pads.length / 2), pads.slice(pads.length / 2)].map((l) => node.constant("i64", l));
  return add(node, begin, end, node.constant(node.input(0).elementType, node.float("value", 0)));
}

/** Since opset 11 pads are an input, since 18 of chosen axes. */
function byInputs(node: OnnxNode): Output {
  const [x, pads, axes] = [node.input(0), node.input(1), node.inputs[3]];
  const value = node.inputs[2] ?? node.constant(x.elementType, 0);
  const known = node.numbers(pads);
  if (known && known.length % 2 !== 0) node.fail("pads need a begin and an end for each dimension", { got: `[${known.join(",")}]` });
  const [begin, end] =
    known === undefined
      ? node.addNode(Split, [pads, node.constant("i64", 0)], { num_splits: 2 }).outputs
      : [known.slice(0, known.length / 2), known.slice(known.length / 2)].map((l) => node.constant("i64", l));
  if (axes === undefined) return add(node, begin, end, value);
  const rank = node.rank(x);
  const chosen = node.numbers(axes);
  if (known && chosen) {
    const spread = (list: readonly number[]): Output => {
      const all = new Array<number>(rank).fill(0);
      for (const [i, axis] of chosen.entries()) all[node.axis(axis, rank)] = list[i];
      return node.constant("i64", all);
    };
    if (known.length !== 2 * chosen.length)
      node.fail("pads do not fit the axes", { expected: `${2 * chosen.length}`, got: `${known.length}` });
    return add(node, spread(known.slice(0, chosen.length)), spread(known.slice(chosen.length)), value);
  }
  const zeros = node.add(Broadcast3, [node.constant(begin.elementType, 0), node.constant("i64", [rank])], { mode: "numpy" });
  const scatter = (list: Output): Output => node.add(ScatterElementsUpdate3, [zeros, axes, list, node.constant("i64", 0)]);
  return add(node, scatter(begin), scatter(end), value);
}

export const padOperator = onnxOperator("Pad", { 1: byAttributes, 11: byInputs });
