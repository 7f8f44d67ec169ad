import { VintnerError } from "../common/errors.ts";
import { portNames } from "../model/model.ts";
import type { Output } from "../model/output.ts";

export type PortKind = "input" | "output";

/** The name by which results are given back: the tensor's first name, or its producer's. */
export function portName(port: Output): string {
  const producer = port.node.op.role === "result" ? port.node.inputs[0] : port;
  return port.names.size > 0 ? port.anyName : producer.anyName;
}

/**
 * The position of a port: by index, by any of its names, or as the port itself; without a key the only one.
 * Throws INVALID_ARGUMENT that lists the ports.
 */
export function portIndex(ports: readonly Output[], kind: PortKind, key?: string | number | Output): number {
  if (key === undefined && ports.length === 1) return 0;
  if (typeof key === "number" && Number.isInteger(key) && key >= 0 && key < ports.length) return key;
  const index =
    typeof key === "string" ? ports.findIndex((port) => portNames(port).includes(key)) : typeof key === "object" ? ports.indexOf(key) : -1;
  if (index >= 0) return index;
  throw new VintnerError("INVALID_ARGUMENT", {
    what:
      key === undefined
        ? `the model has ${ports.length} ${kind}s, so one must be named`
        : `the model has no ${kind} ${typeof key === "object" ? `"${key.anyName}"` : JSON.stringify(key)}`,
    expected: listPorts(ports),
  });
}

/** `"data" f32[1,3,224,224], "info" f32[1,3]`. */
export const listPorts = (ports: readonly Output[]): string => ports.map((port) => `"${portName(port)}" ${port}`).join(", ") || "none";
