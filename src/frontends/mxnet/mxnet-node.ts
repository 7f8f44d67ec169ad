import type { SymbolNode } from "../../formats/mxnet/parse-symbol.ts";
import type { Output } from "../../model/output.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { OperationBuilder } from "../operation-builder.ts";

/** A node of an MXNet symbol as its mapping sees it: parameters, which are text, by type, and the building of operations. */
export class MxnetNode extends OperationBuilder {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly (Output | undefined)[];
  protected readonly file: string;
  readonly #attributes: ReadonlyMap<string, string>;

  /** `inputs`: undefined for variables that have neither data nor a use in inference (labels). */
  constructor({ op, name, attributes }: SymbolNode, inputs: readonly (Output | undefined)[], file: string) {
    super();
    this.type = op;
    this.name = name;
    this.inputs = inputs;
    this.file = file;
    this.#attributes = attributes;
  }

  get where(): string {
    return `${this.type} "${this.name}" (${this.file})`;
  }

  input(i: number): Output {
    return this.inputs[i] ?? this.fail(`input ${i} is missing`, { got: `${this.inputs.length} inputs` });
  }

  allInputs(): Output[] {
    return this.inputs.map((_, i) => this.input(i));
  }

  has(name: string): boolean {
    return this.text(name) !== undefined;
  }

  /** Undefined where it is missing, or "None". */
  text(name: string): string | undefined;
  text(name: string, otherwise: string): string;
  text(name: string, otherwise?: string): string | undefined {
    const text = this.#attributes.get(name);
    return text === undefined || text === "None" ? otherwise : text;
  }

  float(name: string, otherwise?: number): number {
    const text = this.text(name);
    if (text === undefined) return otherwise ?? this.fail(`parameter "${name}" is missing`);
    const number = Number(text);
    return text.trim() === "" || Number.isNaN(number) ? this.#wrong(name, "a number", text) : number;
  }

  int(name: string, otherwise?: number): number {
    const number = this.float(name, otherwise);
    return Number.isSafeInteger(number) ? number : this.#wrong(name, "a whole number", String(number));
  }

  boolean(name: string, otherwise: boolean): boolean {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    if (["True", "true", "1"].includes(text)) return true;
    return ["False", "false", "0"].includes(text) ? false : this.#wrong(name, "True or False", text);
  }

  oneOf<const T extends string>(name: string, values: readonly T[], otherwise: NoInfer<T>): T {
    const text = this.text(name, otherwise);
    return values.find((v) => v === text) ?? this.#wrong(name, `one of ${values.join(", ")}`, text);
  }

  /** A tuple, `(3, 3)` or `3`; entries that are None are undefined. */
  tuple(name: string): (number | undefined)[] | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const inner = text
      .trim()
      .replace(/^[([]/, "")
      .replace(/[)\]]$/, "")
      .trim();
    if (inner === "") return [];
    return inner
      .replace(/,$/, "")
      .split(",")
      .map((part) => {
        const word = part.trim();
        if (word === "None") return undefined;
        const number = Number(word.replace(/L$/, ""));
        return word === "" || Number.isNaN(number) ? this.#wrong(name, "a tuple of numbers", text) : number;
      });
  }

  ints(name: string): number[] | undefined {
    return this.tuple(name)?.map((n) =>
      Number.isSafeInteger(n) ? (n as number) : this.#wrong(name, "whole numbers", this.text(name, "")),
    );
  }

  /** The lengths of an output, which must all be known. */
  shapeOf(output: Output): readonly number[] {
    const { dimensions } = output.partialShape;
    if (dimensions?.every(isKnown)) return dimensions as readonly number[];
    return this.unsupported("an input of dynamic shape is not supported here", {
      got: String(output.partialShape),
      hint: "Give the model's input shapes",
    });
  }

  #wrong(name: string, expected: string, got: string): never {
    return this.fail(`parameter "${name}" has the wrong kind of value`, { expected, got });
  }
}

/** Gives the outputs of a node, in its order, as operations of OpenVINO. */
export type MxnetMapping = (node: MxnetNode) => Output | readonly Output[];

/** Mappings by the names of operators. */
export type MxnetMappings = Readonly<Record<string, MxnetMapping>>;
