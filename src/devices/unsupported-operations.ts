import { VintnerError } from "../common/errors.ts";
import type { Node } from "../model/node.ts";
import type { Support } from "./device.ts";

/** Throws UNSUPPORTED_OPERATION that lists every operation which a device's query turned down. */
export function unsupportedOperations(device: string, answers: ReadonlyMap<Node, Support>): void {
  const missing = [...answers].filter(([, a]) => !a.supported);
  if (missing.length === 0) return;
  throw new VintnerError("UNSUPPORTED_OPERATION", {
    what: `${missing.length} operation${missing.length > 1 ? "s" : ""} cannot run`,
    where: `device ${device}`,
    got: missing.map(([node, { reason }]) => `${node.where}${reason === undefined ? "" : `: ${reason}`}`).join("; "),
    hint: "`vintner query` shows what each device supports",
  });
}
