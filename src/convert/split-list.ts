import { VintnerError } from "../common/errors.ts";

const closing: Readonly<Record<string, string>> = { "[": "]", "(": ")", "{": "}" };

/** Splits at commas that no bracket encloses, and trims. Throws INVALID_ARGUMENT where brackets do not close. */
export function splitList(text: string, option: string): string[] {
  const parts: string[] = [];
  const open: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c in closing) open.push(closing[c]);
    else if (c === open.at(-1)) open.pop();
    else if (c === "," && open.length === 0) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  if (open.length > 0)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `a bracket of option "${option}" is not closed`,
      expected: `"${open.at(-1)}"`,
      got: `"${text}"`,
    });
  parts.push(text.slice(start).trim());
  return parts.filter((p) => p !== "");
}

/** Numbers between commas or spaces, with or without brackets. Throws INVALID_ARGUMENT. */
export function parseNumbers(text: string, option: string): number[] {
  const inner = text
    .trim()
    .replace(/^[[(]/, "")
    .replace(/[\])]$/, "")
    .trim();
  if (inner === "") return [];
  return inner.split(/[\s,]+/).map((part) => {
    const number = Number(part);
    if (Number.isNaN(number))
      throw new VintnerError("INVALID_ARGUMENT", {
        what: `option "${option}" has a value that is no number`,
        expected: "numbers",
        got: `"${part}" in "${text}"`,
      });
    return number;
  });
}
