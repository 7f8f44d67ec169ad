import { VintnerError } from "../common/errors.ts";

/**
 * A canonical text of plain data: numbers, strings, booleans, arrays, typed arrays and objects of them. Different data has
 * different texts, so what is made for one problem is never taken for another. A view counts by its shape, strides and
 * element: where it lies is no part of a problem. Fields that are undefined count as absent, and the order of fields does
 * not matter. Objects that occur again, as equal parts of an expression do, are named by their first place, so that the
 * text grows with the data and not with its paths.
 *
 * What depends on a problem (code, packed weights) must be made from the problem that its key is of, and from nothing else.
 */
export function problemKey(kind: string, problem: unknown): string {
  const writer = new KeyWriter();
  writer.write(problem);
  return `${kind}${writer.text}`;
}

class KeyWriter {
  text = "";
  readonly #seen = new Map<object, number>();

  write(value: unknown): void {
    switch (typeof value) {
      case "number":
        this.text += Object.is(value, -0) ? "-0" : `${value}`;
        return;
      case "bigint":
        this.text += `${value}n`;
        return;
      case "boolean":
        this.text += value ? "t" : "f";
        return;
      case "string":
        this.text += JSON.stringify(value);
        return;
      case "undefined":
        this.text += "u";
        return;
      case "object":
        if (value === null) this.text += "null";
        else this.#object(value);
        return;
      default:
        throw new VintnerError("INTERNAL", { what: `a ${typeof value} in the key of a problem` });
    }
  }

  #object(value: object): void {
    const known = this.#seen.get(value);
    if (known !== undefined) {
      this.text += `@${known}`;
      return;
    }
    this.#seen.set(value, this.#seen.size);
    if (Array.isArray(value)) this.#list(value);
    else if (ArrayBuffer.isView(value)) {
      this.text += value.constructor.name;
      this.#list(value as unknown as ArrayLike<unknown>);
    } else this.#fields(value as Record<string, unknown>);
  }

  #list(values: ArrayLike<unknown>): void {
    this.text += "[";
    for (let i = 0; i < values.length; i++) {
      if (i > 0) this.text += ",";
      this.write(values[i]);
    }
    this.text += "]";
  }

  #fields(object: Record<string, unknown>): void {
    const isView = "block" in object && "strides" in object;
    this.text += "{";
    for (const name of Object.keys(object).toSorted()) {
      const value = object[name];
      if (value === undefined || (isView && (name === "block" || name === "offset"))) continue;
      this.text += `${/^\w+$/.test(name) ? name : JSON.stringify(name)}:`;
      this.write(value);
      this.text += ";";
    }
    this.text += "}";
  }
}
