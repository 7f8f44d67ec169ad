import { VintnerError } from "../../common/errors.ts";

/** A scalar of a message in text form, as it was written. */
export interface TextScalar {
  readonly kind: "scalar";
  /** Without quotes and with escapes resolved where it is a string. */
  readonly text: string;
  readonly isString: boolean;
  readonly line: number;
}

/** A message in text form: the values of each field, in their order. */
export interface TextMessage {
  readonly kind: "message";
  readonly fields: ReadonlyMap<string, readonly TextValue[]>;
  readonly line: number;
}

export type TextValue = TextScalar | TextMessage;

/** Messages nest at most this deep, and a file holds at most so many values. */
const mostDepth = 100;
const mostValues = 4_000_000;

/**
 * Parses protobuf's text format (protobuf.dev, "Text Format Language Specification") without a schema: comments, both kinds of brackets
 * and separators, lists, adjacent strings, extensions and Any by their bracketed names. Throws FORMAT, naming the line.
 */
export function parseTextProto(text: string, file: string): TextMessage {
  return new TextProtoParser(text, file).parse();
}

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "?": 63,
  "\\": 92,
  "'": 39,
  '"': 34,
};

class TextProtoParser {
  readonly #text: string;
  readonly #file: string;
  #at = 0;
  #line = 1;
  #values = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  parse(): TextMessage {
    const fields = this.#fields("", 0);
    return { kind: "message", fields, line: 1 };
  }

  #fields(close: string, depth: number): Map<string, TextValue[]> {
    if (depth > mostDepth) this.#fail("messages nest too deep", `at most ${mostDepth}`);
    const fields = new Map<string, TextValue[]>();
    for (;;) {
      this.#skip();
      const c = this.#text[this.#at];
      if (c === undefined) {
        if (close !== "") this.#fail("the text ends inside of a message", `"${close}"`);
        return fields;
      }
      if (c === close) {
        this.#at++;
        return fields;
      }
      const name = this.#name();
      const values = fields.get(name) ?? [];
      fields.set(name, values);
      this.#skip();
      const colon = this.#take(":");
      this.#skip();
      if (this.#text[this.#at] === "[") this.#list(values, depth);
      else values.push(this.#value(colon, depth));
      this.#skip();
      if (!this.#take(",")) this.#take(";");
    }
  }

  #list(values: TextValue[], depth: number): void {
    this.#at++;
    this.#skip();
    while (!this.#take("]")) {
      values.push(this.#value(true, depth));
      this.#skip();
      if (!this.#take(",") && this.#text[this.#at] !== "]") this.#fail("a list is broken off", '"," or "]"');
      this.#skip();
    }
  }

  #value(scalarAllowed: boolean, depth: number): TextValue {
    if (this.#values++ > mostValues) this.#fail("the text holds too many values", `at most ${mostValues}`);
    const line = this.#line;
    const c = this.#text[this.#at];
    if (c === "{" || c === "<") {
      this.#at++;
      return { kind: "message", fields: this.#fields(c === "{" ? "}" : ">", depth + 1), line };
    }
    if (!scalarAllowed) this.#fail('a field that is no message needs a ":"', '":" or "{"');
    if (c === '"' || c === "'") return { kind: "scalar", text: this.#strings(), isString: true, line };
    const text = this.#match(/-?\s*[A-Za-z0-9_.+-]+/y);
    if (text === undefined) this.#fail("a value is missing", "a number, a word, a string or a message");
    return { kind: "scalar", text: (text as string).replace(/^-\s+/, "-"), isString: false, line };
  }

  #name(): string {
    const name = this.#match(/[A-Za-z_][A-Za-z0-9_]*/y) ?? this.#match(/\[[A-Za-z0-9_./-]+\]/y);
    if (name === undefined) this.#fail("this is no field", "a field's name");
    return name as string;
  }

  /** Adjacent strings are one. Bytes beyond ASCII are UTF-8. */
  #strings(): string {
    const bytes: number[] = [];
    for (;;) {
      const quote = this.#text[this.#at];
      if (quote !== '"' && quote !== "'") break;
      this.#at++;
      this.#string(quote, bytes);
      this.#skip();
    }
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }

  #string(quote: string, bytes: number[]): void {
    for (;;) {
      const plain = this.#match(quote === '"' ? /[^"\\\n]+/y : /[^'\\\n]+/y);
      if (plain !== undefined) for (const byte of new TextEncoder().encode(plain)) bytes.push(byte);
      const c = this.#text[this.#at];
      if (c === undefined || c === "\n") this.#fail("a string does not end on its line", quote);
      this.#at++;
      if (c === quote) return;
      const number = this.#match(/[0-7]{1,3}/y) ?? undefined;
      const hexadecimal = number === undefined ? this.#match(/[xX][0-9A-Fa-f]{1,2}/y) : undefined;
      const code =
        number !== undefined
          ? Number.parseInt(number, 8)
          : hexadecimal !== undefined
            ? Number.parseInt(hexadecimal.slice(1), 16)
            : simpleEscapes[this.#text[this.#at++]];
      if (code === undefined) this.#fail("an unknown escape in a string", "one of \\n \\t \\\\ \\\" \\' \\x41 \\101 ...");
      bytes.push((code as number) & 255);
    }
  }

  /** White space and comments. */
  #skip(): void {
    for (;;) {
      const space = this.#match(/(?:\s+|#[^\n]*)/y);
      if (space === undefined) return;
      for (const c of space) if (c === "\n") this.#line++;
    }
  }

  #take(c: string): boolean {
    if (this.#text[this.#at] !== c) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #fail(what: string, expected: string): never {
    const got = this.#text.slice(this.#at, this.#at + 24).split("\n")[0];
    throw new VintnerError("FORMAT", {
      what,
      where: `${this.#file}, line ${this.#line}`,
      expected,
      got: got === "" ? "the end" : JSON.stringify(got),
    });
  }
}
