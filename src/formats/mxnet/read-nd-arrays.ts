import { VintnerError } from "../../common/errors.ts";
import type { ElementType, TypedArray } from "../../tensor/element-type.ts";
import { elementTypes } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** kMXAPINDArrayListMagic: a list of arrays. */
const listMagic = 0x112;
/** NDARRAY_V1_MAGIC and so on (apache/mxnet, src/ndarray/ndarray.cc); what is none of them is an array of the first version, which begins with its rank. */
const magicV1 = 0xf993fac8;
const magicV2 = 0xf993fac9;
const magicV3 = 0xf993faca;

/** Type flags of mshadow. */
const types: Readonly<Record<number, ElementType>> = {
  0: "f32",
  1: "f64",
  2: "f16",
  3: "u8",
  4: "i32",
  5: "i8",
  6: "i64",
  7: "boolean",
  8: "i16",
  9: "u16",
  10: "u32",
  11: "u64",
  12: "bf16",
};

const mostRank = 32;
/** Elements that sparse data may spell out. */
const mostDense = 2 ** 31;

/** The arrays of a .params file by their names (`arg:conv1_weight`). Data is not copied where it is aligned. Throws FORMAT with the byte offset. */
export function readNdArrays(bytes: Uint8Array, file: string): Map<string, Tensor> {
  return new NdArrayReader(bytes, file).list();
}

class NdArrayReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  #at = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#file = file;
  }

  list(): Map<string, Tensor> {
    if (this.#u64() !== listMagic) this.#fail("this is no list of MXNet arrays");
    this.#u64();
    const arrays = Array.from({ length: this.#count(4) }, () => this.#array());
    const names = Array.from({ length: this.#count(8) }, () => this.#string());
    if (names.length !== arrays.length && names.length > 0) this.#fail(`there are ${arrays.length} arrays and ${names.length} names`);
    const named = new Map<string, Tensor>();
    for (const [i, array] of arrays.entries()) if (array) named.set(names[i] ?? String(i), array);
    return named;
  }

  /** Undefined for an array without a shape, which was never filled. */
  #array(): Tensor | undefined {
    const magic = this.#u32();
    if (magic === magicV2 || magic === magicV3) return this.#arrayOfStorage(magic === magicV3);
    const shape = magic === magicV1 ? this.#shape(this.#u32()) : this.#shapeOfWords(magic);
    if (shape.length === 0) return undefined;
    return this.#dense(shape, this.#contextAndType());
  }

  #arrayOfStorage(numpy: boolean): Tensor | undefined {
    const storage = this.#i32();
    if (storage < 0 || storage > 2) this.#fail(`unknown storage type ${storage}`);
    const stored = storage === 0 ? undefined : this.#shape(this.#rank(numpy));
    const rank = this.#rank(numpy);
    const shape = this.#shape(rank);
    if (numpy ? rank < 0 : rank === 0) return undefined;
    const type = this.#contextAndType();
    if (stored === undefined) return this.#dense(shape, type);
    const parts = Array.from({ length: storage }, () => ({ type: this.#type(), shape: this.#shape(this.#rank(numpy)) }));
    const data = this.#dense(stored, type);
    const indices = parts.map((part) => Array.from(this.#dense(part.shape, part.type).data as ArrayLike<number | bigint>, Number));
    return storage === 1 ? this.#fromRows(shape, data, indices[0]) : this.#fromCompressedRows(shape, data, indices[0], indices[1]);
  }

  #rank(numpy: boolean): number {
    return numpy ? this.#i32() : this.#u32();
  }

  #shape(rank: number): number[] {
    if (rank > mostRank) this.#fail(`an array of ${rank} dimensions`);
    return Array.from({ length: Math.max(0, rank) }, () => this.#i64());
  }

  #shapeOfWords(rank: number): number[] {
    if (rank > mostRank) this.#fail(`an array of ${rank} dimensions`);
    return Array.from({ length: rank }, () => this.#u32());
  }

  #contextAndType(): ElementType {
    this.#i32();
    this.#i32();
    return this.#type();
  }

  #type(): ElementType {
    const flag = this.#i32();
    return types[flag] ?? this.#fail(`unknown element type ${flag}`);
  }

  #dense(shape: readonly number[], type: ElementType): Tensor {
    const info = elementTypes[type];
    const size = shape.reduce((n, d) => n * d, 1);
    const length = (size * info.bits) / 8;
    if (!Number.isSafeInteger(length) || length < 0 || length > this.#bytes.byteLength - this.#at)
      this.#fail(`an array of [${shape.join(",")}] that the file does not hold`);
    const from = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    const aligned = from.byteOffset % info.array.BYTES_PER_ELEMENT === 0 ? from : from.slice();
    return new Tensor(type, shape, new info.array(aligned.buffer, aligned.byteOffset, size));
  }

  /** Storage type 1: rows that are there, by their numbers. */
  #fromRows(shape: readonly number[], rows: Tensor, numbers: readonly number[]): Tensor {
    const whole = this.#zeros(rows.elementType, shape);
    const length = shape.slice(1).reduce((n, d) => n * d, 1);
    for (const [i, row] of numbers.entries()) {
      if (row < 0 || row >= shape[0] || (i + 1) * length > rows.size) this.#fail(`a row ${row} of ${shape[0]}`);
      (whole.data as Float32Array).set((rows.data as Float32Array).subarray(i * length, (i + 1) * length), row * length);
    }
    return whole;
  }

  /** Storage type 2, compressed sparse rows: where each row begins, and the column of each element. */
  #fromCompressedRows(shape: readonly number[], values: Tensor, begins: readonly number[], columns: readonly number[]): Tensor {
    const whole = this.#zeros(values.elementType, shape);
    for (let row = 0; row + 1 < begins.length; row++)
      for (let i = begins[row]; i < begins[row + 1]; i++) {
        if (row >= shape[0] || !(columns[i] >= 0 && columns[i] < shape[1])) this.#fail(`an element outside of [${shape.join(",")}]`);
        (whole.data as TypedArray)[row * shape[1] + columns[i]] = values.data[i];
      }
    return whole;
  }

  #zeros(type: ElementType, shape: readonly number[]): Tensor {
    if (!(shape.reduce((n, d) => n * d, 1) <= mostDense) || shape.some((d) => d < 0)) this.#fail(`a sparse array of [${shape.join(",")}]`);
    return new Tensor(type, shape);
  }

  /** A number of things of at least so many bytes each. */
  #count(bytes: number): number {
    const count = this.#u64();
    if (count * bytes > this.#bytes.byteLength - this.#at) this.#fail(`${count} entries that the file does not hold`);
    return count;
  }

  #string(): string {
    const length = this.#count(1);
    this.#at += length;
    return new TextDecoder().decode(this.#bytes.subarray(this.#at - length, this.#at));
  }

  #u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }
  #i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }
  #i64(): number {
    return Number(this.#view.getBigInt64(this.#advance(8), true));
  }
  #u64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }
  #advance(bytes: number): number {
    if (this.#at + bytes > this.#bytes.byteLength) this.#fail("the file ends too early");
    this.#at += bytes;
    return this.#at - bytes;
  }

  #fail(what: string): never {
    throw new VintnerError("FORMAT", {
      what: `${what} at byte ${this.#at}`,
      where: this.#file,
      got: `${this.#bytes.byteLength} bytes`,
      hint: "Check that the file was copied whole",
    });
  }
}
