import { VintnerError } from "../../common/errors.ts";
import type { TextMessage, TextScalar } from "../../formats/text-proto/parse-text-proto.ts";

const noFields: TextMessage = { kind: "message", fields: new Map(), line: 0 };

/** Typed access to the fields of a message in text form; a field that stands twice where one is allowed has the last value, as in protobuf. */
export class TextFields {
  readonly message: TextMessage;
  /** For errors: the file, and the layer where it is one's. */
  readonly #where: string;

  constructor(message: TextMessage | undefined, where: string) {
    this.message = message ?? noFields;
    this.#where = where;
  }

  has(name: string): boolean {
    return this.message.fields.has(name);
  }

  messages(name: string): TextFields[] {
    return (this.message.fields.get(name) ?? []).map((value) => {
      if (value.kind === "message") return new TextFields(value, this.#where);
      return this.#wrong(name, "a message", value);
    });
  }

  /** An empty one where there is none. */
  sub(name: string): TextFields {
    return this.messages(name).at(-1) ?? new TextFields(undefined, this.#where);
  }

  strings(name: string): string[] {
    return this.#scalars(name).map(({ text }) => text);
  }

  string(name: string): string | undefined;
  string(name: string, otherwise: string): string;
  string(name: string, otherwise?: string): string | undefined {
    return this.strings(name).at(-1) ?? otherwise;
  }

  ints(name: string): number[] {
    return this.#scalars(name).map((scalar) => {
      const number = Number(scalar.text);
      return !scalar.isString && scalar.text !== "" && Number.isSafeInteger(number) ? number : this.#wrong(name, "a whole number", scalar);
    });
  }

  int(name: string): number | undefined;
  int(name: string, otherwise: number): number;
  int(name: string, otherwise?: number): number | undefined {
    return this.ints(name).at(-1) ?? otherwise;
  }

  floats(name: string): number[] {
    return this.#scalars(name).map((scalar) => {
      const text = scalar.text.toLowerCase().replace(/f$/, "");
      const special = /^(-?)inf(inity)?$/.exec(scalar.text.toLowerCase());
      if (special) return special[1] === "-" ? -Infinity : Infinity;
      if (text === "nan") return Number.NaN;
      const number = Number(text);
      return scalar.isString || text === "" || Number.isNaN(number) ? this.#wrong(name, "a number", scalar) : number;
    });
  }

  float(name: string): number | undefined;
  float(name: string, otherwise: number): number;
  float(name: string, otherwise?: number): number | undefined {
    return this.floats(name).at(-1) ?? otherwise;
  }

  boolean(name: string, otherwise: boolean): boolean {
    const scalar = this.#scalars(name).at(-1);
    if (scalar === undefined) return otherwise;
    if (["true", "True", "t", "1"].includes(scalar.text)) return true;
    return ["false", "False", "f", "0"].includes(scalar.text) ? false : this.#wrong(name, "true or false", scalar);
  }

  /** A name of an enumeration, or its number. */
  oneOf<const T extends string>(name: string, values: readonly T[], otherwise: NoInfer<T>): T {
    const scalar = this.#scalars(name).at(-1);
    if (scalar === undefined) return otherwise;
    return values.find((v) => v === scalar.text) ?? values[Number(scalar.text)] ?? this.#wrong(name, `one of ${values.join(", ")}`, scalar);
  }

  #scalars(name: string): TextScalar[] {
    return (this.message.fields.get(name) ?? []).map((value) =>
      value.kind === "scalar" ? value : this.#wrong(name, "a value", undefined),
    );
  }

  #wrong(name: string, expected: string, got: TextScalar | undefined): never {
    throw new VintnerError("INVALID_MODEL", {
      what: `field "${name}" has the wrong kind of value`,
      where: got ? `${this.#where}, line ${got.line}` : this.#where,
      expected,
      got: got ? JSON.stringify(got.text) : "a message",
    });
  }
}
