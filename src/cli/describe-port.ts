import type { Output } from "../model/output.ts";
import { portName } from "../runtime/ports.ts";
import { elementTypes } from "../tensor/element-type.ts";
import { tensorNumbers } from "../tensor/tensor-numbers.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** An input or output for `--json`. */
export interface PortDescription {
  readonly name: string;
  readonly names: readonly string[];
  readonly elementType: string;
  /** OpenVINO's spelling, `[1,3,?,224]`. */
  readonly shape: string;
}

export const describePort = (port: Output): PortDescription => ({
  name: portName(port),
  names: [...port.names],
  elementType: port.elementType,
  shape: port.partialShape.toString(),
});

export const formatPorts = (ports: readonly Output[]): string => ports.map((p) => `${portName(p)} ${p}`).join(", ");

/** Least, largest and mean of a tensor's elements. Absent for empty tensors and types that are no numbers. */
export function summarize(tensor: Tensor): { min: number; max: number; mean: number } | undefined {
  const { bits, kind } = elementTypes[tensor.elementType];
  if (tensor.size === 0 || bits < 8 || kind === "other") return undefined;
  let [min, max, sum] = [Infinity, -Infinity, 0];
  for (const value of tensorNumbers(tensor)) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { min, max, mean: sum / tensor.size };
}
