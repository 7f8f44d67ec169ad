import type { Output } from "../../model/output.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { OperationBuilder } from "../operation-builder.ts";
import type { LayerText } from "./read-network.ts";
import type { TextFields } from "./text-fields.ts";

/** A layer as its mapping sees it: its inputs, its weights, its parameters by type, and the building of operations. */
export class CaffeLayer extends OperationBuilder {
  readonly name: string;
  readonly type: string;
  readonly inputs: readonly Output[];
  readonly tops: readonly string[];
  protected readonly file: string;
  readonly #fields: TextFields;
  readonly #blobs: readonly Tensor[] | undefined;

  constructor(text: LayerText, inputs: readonly Output[], blobs: readonly Tensor[] | undefined, file: string) {
    super();
    this.name = text.name;
    this.type = text.type;
    this.tops = text.tops;
    this.inputs = inputs;
    this.file = file;
    this.#fields = text.fields;
    this.#blobs = blobs;
  }

  get where(): string {
    return `${this.type} "${this.name}" (${this.file})`;
  }

  input(i: number): Output {
    return this.inputs[i] ?? this.fail(`bottom ${i} is missing`, { got: `${this.inputs.length} bottoms` });
  }

  /** The fields of `convolution_param` and the like; none where it is left out. */
  parameter(name: string): TextFields {
    return this.#fields.sub(name);
  }

  get blobCount(): number {
    return this.#blobs?.length ?? 0;
  }

  /** Weights `i`. Throws INVALID_MODEL where the caffemodel lacks them. */
  blob(i: number): Tensor {
    const blob = this.#blobs?.[i];
    if (blob) return blob;
    return this.fail(`the weights of the layer are missing: blob ${i}`, {
      got: `${this.blobCount} blobs`,
      hint: "Give the caffemodel that belongs to this network",
    });
  }

  /** Weights `i` under a shape of as many elements. */
  blobAs(i: number, shape: readonly number[]): Output {
    const blob = this.blob(i);
    if (blob.size !== shape.reduce((n, d) => n * d, 1))
      this.fail(`blob ${i} does not have the size that the layer asks for`, {
        expected: `[${shape.join(",")}]`,
        got: `[${blob.shape.join(",")}]`,
        hint: "Give the caffemodel that belongs to this network",
      });
    return this.constantOf(blob.reshaped(shape));
  }

  /** The lengths of an input, which must all be known. */
  shape(i: number): readonly number[] {
    const { dimensions } = this.input(i).partialShape;
    if (dimensions?.every(isKnown)) return dimensions as readonly number[];
    return this.unsupported("an input of dynamic shape is not supported here", {
      got: String(this.input(i).partialShape),
      hint: "Give the model's input shapes",
    });
  }
}
