import type { Output } from "../../model/output.ts";
import type { OnnxNode } from "./onnx-node.ts";

/** Gives the outputs of an ONNX node, in its order, as operations of OpenVINO; trailing ones that nobody asked for may be missing. */
export type Mapping = (node: OnnxNode) => Output | readonly (Output | undefined)[];

/** One ONNX operator: its mappings by the version of the operator set that introduced them. */
export interface Operator {
  readonly type: string;
  readonly domain: string;
  readonly versions: readonly (readonly [since: number, mapping: Mapping])[];
}

/** Declares an operator of the standard domain: one mapping for all versions, or one for each that changed its meaning. */
export function onnxOperator(type: string, mapping: Mapping | Readonly<Record<number, Mapping>>, domain = ""): Operator {
  const versions =
    typeof mapping === "function" ? [[1, mapping] as const] : Object.entries(mapping).map(([since, map]) => [Number(since), map] as const);
  return { type, domain, versions: versions.toSorted(([a], [b]) => b - a) };
}
