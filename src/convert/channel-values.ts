import { VintnerError } from "../common/errors.ts";
import { parseNumbers, splitList } from "./split-list.ts";

/** Numbers for each channel, for one input by name or (without name) by position. */
export interface ChannelValues {
  readonly name?: string;
  readonly values: readonly number[];
}

/** What `meanValues` and `scaleValues` accept: text as of the command line, numbers for the only image input, or numbers by input name. */
export type ChannelValuesOption = string | readonly number[] | Readonly<Record<string, readonly number[]>>;

/** Reads `[123.7,116.3,103.5]`, `data[1,2,3],info(4,5,6)`, or the same as data. Throws INVALID_ARGUMENT naming the option. */
export function channelValues(value: ChannelValuesOption, option: string): ChannelValues[] {
  const list =
    typeof value === "string"
      ? splitList(value, option).map((entry) => parseEntry(entry, option))
      : Array.isArray(value)
        ? [{ values: value as readonly number[] }]
        : Object.entries(value as Readonly<Record<string, readonly number[]>>).map(([name, values]) => ({ name, values }));
  for (const { values } of list)
    if (!Array.isArray(values) || values.length === 0 || !values.every((v) => typeof v === "number" && Number.isFinite(v)))
      throw new VintnerError("INVALID_ARGUMENT", {
        what: `option "${option}" needs finite numbers`,
        expected: "one number for each channel, as in [123.7,116.3,103.5]",
        got: JSON.stringify(value),
      });
  return list;
}

function parseEntry(entry: string, option: string): ChannelValues {
  const match = /^(.*?)\s*([[(][^\])]*[\])])$/.exec(entry);
  if (match === null)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `unreadable option "${option}"`,
      expected: "[123.7,116.3,103.5] or name[123.7,116.3,103.5],other[0,0,0]",
      got: `"${entry}"`,
    });
  const values = parseNumbers(match[2], option);
  return match[1] === "" ? { values } : { name: match[1], values };
}
