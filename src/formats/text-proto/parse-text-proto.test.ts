import { describe, expect, test } from "vitest";
import type { VintnerError } from "../../common/errors.ts";
import { thrownBy } from "../../common/thrown-error.fixture.ts";
import { parseTextProto, type TextMessage, type TextValue } from "./parse-text-proto.ts";

type Plain = string | { readonly [name: string]: readonly Plain[] };
const plain = (value: TextValue): Plain =>
  value.kind === "scalar" ? (value.isString ? `"${value.text}` : value.text) : plainMessage(value);
const plainMessage = ({ fields }: TextMessage): Exclude<Plain, string> =>
  Object.fromEntries([...fields].map(([name, values]) => [name, values.map(plain)]));
const parse = (text: string): Plain => plainMessage(parseTextProto(text, "net.prototxt"));
const failure = (text: string): VintnerError => thrownBy(() => parseTextProto(text, "net.prototxt"));

describe("parseTextProto", () => {
  test.each([
    ["scalars", "a: 1 b: -2.5e-3 c: true d: MAX e: - inf", { a: ["1"], b: ["-2.5e-3"], c: ["true"], d: ["MAX"], e: ["-inf"] }],
    ["repeated fields", "dim: 1 dim: 3 dim: [12, 13] none: []", { dim: ["1", "3", "12", "13"], none: [] }],
    [
      "messages with both brackets, with and without a colon",
      "a { b: 1 } c: < d: 2; > e {}",
      { a: [{ b: ["1"] }], c: [{ d: ["2"] }], e: [{}] },
    ],
    ["lists of messages", "a: [{ b: 1 }, { b: 2 }]", { a: [{ b: ["1"] }, { b: ["2"] }] }],
    ["separators and comments", "a: 1, # one\n# two\nb: 2;c: 3", { a: ["1"], b: ["2"], c: ["3"] }],
    ["adjacent strings and escapes", `s: "a\\n" 'b"' "\\x41\\101\\\\" t: "\u00e9\\303\\251"`, { s: [`"a\nb"AA\\`], t: ['"\u00e9\u00e9'] }],
    [
      "names of extensions",
      "[my.ext]: 1 [type.googleapis.com/a.B] { c: 2 }",
      { "[my.ext]": ["1"], "[type.googleapis.com/a.B]": [{ c: ["2"] }] },
    ],
    ["nothing", " # only a comment", {}],
  ])("%s", (_, text, expected) => expect(parse(text)).toEqual(expected));

  test.each([
    ["a message that does not end", "a {\n b: 1", "line 2", "ends inside of a message"],
    ["a value without a colon", "a\n 1", "line 2", 'needs a ":"'],
    ["a string over the line", 'a: "x\n"', "line 1", "does not end on its line"],
    ["a list that does not end", "a: [1 2]", "line 1", "a list is broken off"],
    ["what is no field", "a: 1\n\n}", "line 3", "no field"],
    ["a missing value", "a: }", "line 1", "a value is missing"],
    ["an escape that does not exist", 'a: "\\q"', "line 1", "unknown escape"],
  ])("%s is refused with its line", (_, text, where, what) => {
    const error = failure(text);
    expect(error.code).toBe("FORMAT");
    expect(error.details.where).toBe(`net.prototxt, ${where}`);
    expect(error.details.what).toContain(what);
  });

  test("messages that nest too deep are refused", () => expect(failure("a {".repeat(100_000)).details.what).toContain("too deep"));
});
