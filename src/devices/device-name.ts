import { VintnerError } from "../common/errors.ts";

/** A device as users name it: `CPU`, `CPU.0`, `HETERO:CPU,REFERENCE`. */
export interface DeviceName {
  /** In upper case: what a device of the registry is called. */
  readonly base: string;
  /** Which of several such devices; undefined where it is not said. */
  readonly index?: number;
  /** The devices behind a colon, in their order. */
  readonly parameters: readonly DeviceName[];
}

const pattern = /^([A-Za-z][A-Za-z0-9_]*)(?:\.(\d{1,9}))?$/;

/** Parses a device's name. Throws DEVICE where it is none. */
export function parseDeviceName(text: string): DeviceName {
  if (typeof text !== "string") throw unreadable(String(text));
  const colon = text.indexOf(":");
  const [head, list] = colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
  const found = pattern.exec(head.trim());
  if (!found) throw unreadable(text);
  const parameters = list === undefined ? [] : list.split(",").map((name) => parseDeviceName(name.trim()));
  // A list within a list cannot be told from the list that it is in.
  if (parameters.some((p) => p.parameters.length > 0)) throw unreadable(text);
  return { base: found[1].toUpperCase(), ...(found[2] === undefined ? {} : { index: Number(found[2]) }), parameters };
}

/** The name in its usual form. */
export function formatDeviceName({ base, index, parameters }: DeviceName): string {
  const head = index === undefined ? base : `${base}.${index}`;
  return parameters.length === 0 ? head : `${head}:${parameters.map(formatDeviceName).join(",")}`;
}

const unreadable = (got: string): VintnerError =>
  new VintnerError("DEVICE", {
    what: "this is no device's name",
    expected: "a name such as CPU, CPU.0 or HETERO:CPU,REFERENCE",
    got: JSON.stringify(got.slice(0, 100)),
  });
