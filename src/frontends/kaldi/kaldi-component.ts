import type { KaldiComponent as ComponentText, KaldiMatrix, KaldiValue } from "../../formats/kaldi/read-kaldi.ts";
import type { Output } from "../../model/output.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { OperationBuilder } from "../operation-builder.ts";

/** A component as its mapping sees it: what it reads, [frames, dim], its parameters by type, and the building of operations. */
export class KaldiComponent extends OperationBuilder {
  readonly type: string;
  readonly name: string;
  readonly input: Output;
  protected readonly file: string;
  readonly #fields: ComponentText["fields"];

  constructor(name: string, { type, fields }: ComponentText, input: Output, file: string) {
    super();
    this.name = name;
    this.type = type;
    this.input = input;
    this.file = file;
    this.#fields = fields;
  }

  get where(): string {
    return `${this.type} "${this.name}" (${this.file})`;
  }

  /** The numbers that a frame of the input has. */
  get inputDim(): number {
    const dim = this.input.partialShape.dimensions?.[1];
    return typeof dim === "number" ? dim : this.fail("the input has no known dimension");
  }

  has(name: string): boolean {
    return (this.#fields.get(name)?.length ?? 0) > 0;
  }

  int(name: string, otherwise?: number): number {
    return this.#number(name, otherwise, (v) => v.int);
  }

  float(name: string, otherwise?: number): number {
    return this.#number(name, otherwise, (v) => v.float);
  }

  boolean(name: string, otherwise: boolean): boolean {
    const value = this.#fields.get(name)?.[0];
    if (value === undefined) return otherwise;
    return value.kind === "boolean"
      ? value.value
      : this.fail(`field ${name} has the wrong kind of value`, { expected: "T or F", got: value.kind });
  }

  ints(name: string): readonly number[] {
    const value = this.#fields.get(name)?.[0];
    return value?.kind === "ints" ? value.ints : this.fail(`field ${name} is missing, or no list of numbers`);
  }

  /** A matrix [rows, columns]; a vector has one row. `index`: of several values of one field. */
  matrix(name: string, index = 0): KaldiMatrix {
    const matrices = (this.#fields.get(name) ?? []).filter((v) => v.kind === "matrix");
    return matrices[index]?.matrix ?? this.fail(`field ${name === "" ? "of weights" : name} is missing, or no matrix`);
  }

  /** A matrix as a constant [rows, columns]. */
  weights(matrix: KaldiMatrix): Output {
    return this.constantOf(new Tensor("f32", [matrix.rows, matrix.columns], matrix.data));
  }

  /** A vector as a constant [n], of the length that is asked for. */
  vector(matrix: KaldiMatrix, length?: number): Output {
    if (length !== undefined && matrix.data.length !== length)
      this.fail("a vector does not have the length that the component asks for", { expected: `${length}`, got: `${matrix.data.length}` });
    return this.constantOf(new Tensor("f32", [matrix.data.length], matrix.data));
  }

  #number(name: string, otherwise: number | undefined, read: (value: Extract<KaldiValue, { kind: "number" }>) => number): number {
    const value = this.#fields.get(name)?.[0];
    if (value === undefined) return otherwise ?? this.fail(`field ${name} is missing`);
    return value.kind === "number"
      ? read(value)
      : this.fail(`field ${name} has the wrong kind of value`, { expected: "a number", got: value.kind });
  }
}

/** Gives what a component computes of its input, [frames, dim]. */
export type ComponentMapping = (component: KaldiComponent) => Output;
export type ComponentMappings = Readonly<Record<string, ComponentMapping>>;
