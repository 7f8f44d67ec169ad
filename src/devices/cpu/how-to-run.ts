import { isElementwise } from "../../lowering/fuse.ts";
import { hasViewElement } from "../../lowering/view-element.ts";
import { type Decomposition, decomposition } from "../../model/decomposition.ts";
import { isEvaluable } from "../../model/evaluate-operation.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { elementTypes } from "../../tensor/element-type.ts";
import { type Lowering, loweringOf } from "./lowerings.ts";

/** How the device runs an operation, asked by queries, by the preparation and by lowering. */
export type HowToRun =
  /** As part of an element-wise kernel, or as its lowering makes it: kernels, or a view of its input. */
  | { readonly kind: "elementwise" }
  | { readonly kind: "lowering"; readonly lowering: Lowering }
  /** As the operations that it is made of, at least one of which has a kernel. */
  | { readonly kind: "parts"; readonly parts: Decomposition }
  /** Programs for its bodies, run from the host. */
  | { readonly kind: "bodies" }
  /** By its reference semantics, between programs. */
  | { readonly kind: "host"; readonly reason: string }
  /** Decided when the shapes are known. */
  | { readonly kind: "open" }
  | { readonly kind: "none"; readonly reason: string };

const isStatic = (node: Node): boolean => [...node.inputs, ...node.outputs].every((o) => o.partialShape.isStatic);

/** `isUsed` says which outputs somebody reads. */
export function howToRun(node: Node, isUsed: (output: Output) => boolean = () => true): HowToRun {
  const { op } = node;
  const packed = [...node.inputs.filter((i) => i.constant === undefined), ...node.outputs].find(
    (o) => o.elementType !== "dynamic" && !hasViewElement(o.elementType),
  );
  if (packed)
    return { kind: "none", reason: `${packed.elementType} elements have no address of their own: only constants may have this type` };
  if (op.control !== undefined) return { kind: "bodies" };
  const lowering = loweringOf(node.type);
  const unknown = node.inputs.some((i) => i.elementType === "dynamic");
  if (unknown || !isStatic(node)) {
    if (lowering !== undefined || op.scalar !== undefined || op.decompose !== undefined) return { kind: "open" };
  } else {
    if (isElementwise(node)) return { kind: "elementwise" };
    if (lowering?.accepts(node, isUsed) === true) return { kind: "lowering", lowering };
    const parts = decomposition(node);
    if (parts && (!isEvaluable(op) || parts.nodes.some((part) => isKernel(part)))) return { kind: "parts", parts };
  }
  if (!isEvaluable(op)) return { kind: "none", reason: "neither a kernel nor reference semantics" };
  const other = op.scalar === undefined ? undefined : [...node.inputs, ...node.outputs].find((o) => isNoNumber(o));
  if (other) return { kind: "none", reason: `there is no arithmetic on ${other.elementType}` };
  const reason = lowering || op.scalar ? "no kernel for these types, attributes or ranks" : "no kernel for this operation";
  return { kind: "host", reason };
}

const isNoNumber = ({ elementType }: Output): boolean => {
  const { kind, bits } = elementTypes[elementType];
  return elementType !== "dynamic" && (kind === "other" || bits < 8);
};

const isKernel = (node: Node): boolean => {
  const { kind } = howToRun(node);
  return kind === "elementwise" || kind === "lowering" || kind === "parts";
};
