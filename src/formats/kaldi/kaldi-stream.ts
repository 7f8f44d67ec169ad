import { VintnerError } from "../../common/errors.ts";

/** A matrix of f32, row by row; a vector has one row. */
export interface KaldiMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** The value of a field: its kind follows from what is written, but for numbers, which binary files store without their type. */
export type KaldiValue =
  | { readonly kind: "matrix"; readonly matrix: KaldiMatrix }
  | { readonly kind: "boolean"; readonly value: boolean }
  /** As an integer and as a float: the reader of the field knows which it is. */
  | { readonly kind: "number"; readonly int: number; readonly float: number }
  | { readonly kind: "ints"; readonly ints: readonly number[] }
  | { readonly kind: "word"; readonly word: string };

const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);
const code = (c: string): number => c.charCodeAt(0);

/** Reads Kaldi's objects (kaldi-asr/kaldi, src/base/io-funcs, src/matrix), binary ones behind "\0B" or text. Throws FORMAT with the byte offset. */
export class KaldiStream {
  readonly binary: boolean;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  #at: number;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#file = file;
    this.binary = bytes[0] === 0 && bytes[1] === code("B");
    this.#at = this.binary ? 2 : 0;
  }

  get isAtEnd(): boolean {
    if (!this.binary) this.#skipSpace();
    return this.#at >= this.#bytes.length;
  }

  /** Goes on behind a token that stands somewhere ahead; false where it does not. */
  skipTo(token: string): boolean {
    const wanted = new TextEncoder().encode(`${token} `);
    for (let at = this.#at; at + token.length <= this.#bytes.length; at++) {
      let same = 0;
      while (same < token.length && this.#bytes[at + same] === wanted[same]) same++;
      if (same < token.length || !isSpace(this.#bytes[at + same] ?? 32)) continue;
      this.#at = at;
      return true;
    }
    return false;
  }

  /** A word up to white space, of which one is taken as well. */
  token(): string {
    this.#skipSpace();
    const first = this.#at;
    while (this.#at < this.#bytes.length && !isSpace(this.#bytes[this.#at])) this.#at++;
    if (this.#at === first) this.fail("the file ends where a token should be");
    const text = this.#text(first, this.#at);
    this.#at++;
    return text;
  }

  expect(token: string): void {
    const got = this.token();
    if (got !== token) this.fail("an unexpected token", token, got);
  }

  /** The token that comes next, which stays; "" at the end, and where a value comes. */
  peek(): string {
    const before = this.#at;
    if (!this.isTokenNext) return "";
    const token = this.token();
    this.#at = before;
    return token;
  }

  get isTokenNext(): boolean {
    let at = this.#at;
    while (isSpace(this.#bytes[at])) at++;
    return this.#bytes[at] === code("<");
  }

  /** The rest of a line. */
  line(): string {
    const first = this.#at;
    while (this.#at < this.#bytes.length && this.#bytes[this.#at] !== 10) this.#at++;
    const text = this.#text(first, this.#at);
    this.#at++;
    return text.trim();
  }

  /** All values up to the next token. `ints`: lists of 32-bit integers, which binary files do not tell from a number. */
  values(ints = false): KaldiValue[] {
    const values: KaldiValue[] = [];
    while (!this.isAtEnd && !this.isTokenNext) values.push(this.value(ints));
    return values;
  }

  value(ints = false): KaldiValue {
    return this.binary ? this.#binaryValue(ints) : this.#textValue(ints);
  }

  fail(what: string, expected?: string, got?: string): never {
    throw new VintnerError("FORMAT", {
      what: `${what} at byte ${Math.min(this.#at, this.#bytes.length)}`,
      where: this.#file,
      ...(expected !== undefined && { expected }),
      ...(got !== undefined && { got: JSON.stringify(got.slice(0, 40)) }),
      hint: "Check that the file was copied whole, and that it is a network of Kaldi",
    });
  }

  // Binary

  #binaryValue(ints: boolean): KaldiValue {
    const [first, second] = [this.#bytes[this.#at], this.#bytes[this.#at + 1]];
    if ((second === code("M") || second === code("V")) && (first === code("F") || first === code("D")))
      return { kind: "matrix", matrix: this.#dense() };
    if (first === code("C") && second === code("M")) return { kind: "matrix", matrix: this.#compressed() };
    if (first === code("T") || first === code("F")) {
      this.#at++;
      return { kind: "boolean", value: first === code("T") };
    }
    if (first === 4) {
      const at = this.#advance(5) + 1;
      const int = this.#view.getInt32(at, true);
      if (!ints) return { kind: "number", int, float: this.#view.getFloat32(at, true) };
      // std::vector<int32>: the size of an element, the number of them, and they themselves.
      const from = this.#advance(this.#size(int, 4));
      return { kind: "ints", ints: Array.from({ length: int }, (_, i) => this.#view.getInt32(from + i * 4, true)) };
    }
    if (first === 8) {
      const at = this.#advance(9) + 1;
      return { kind: "number", int: Number(this.#view.getBigInt64(at, true)), float: this.#view.getFloat64(at, true) };
    }
    return this.fail("a value of unknown kind", "a number, a matrix or a token", this.#text(this.#at, this.#at + 8));
  }

  /** "FM ", "DV " and so on, then rows and columns. */
  #dense(): KaldiMatrix {
    const kind = this.token();
    const isMatrix = kind.endsWith("M");
    const rows = isMatrix ? this.#count() : 1;
    const columns = this.#count();
    const bytes = kind.startsWith("D") ? 8 : 4;
    const from = this.#advance(this.#size(rows * columns, bytes));
    const data = new Float32Array(rows * columns);
    for (let i = 0; i < data.length; i++)
      data[i] = bytes === 8 ? this.#view.getFloat64(from + i * 8, true) : this.#view.getFloat32(from + i * 4, true);
    return { rows: isMatrix || columns > 0 ? rows : 0, columns, data };
  }

  #count(): number {
    const at = this.#advance(5);
    const count = this.#view.getInt32(at + 1, true);
    if (this.#bytes[at] !== 4 || count < 0) this.fail("a length that is none", "a 32-bit number", String(count));
    return count;
  }

  /**
   * CompressedMatrix (compressed-matrix.h): a global range, and bytes or halves of it; "CM" has percentiles of each column, between which its
   * bytes are interpolated.
   */
  #compressed(): KaldiMatrix {
    const kind = this.token();
    const header = this.#advance(16);
    const [least, span] = [this.#view.getFloat32(header, true), this.#view.getFloat32(header + 4, true)];
    const [rows, columns] = [this.#view.getInt32(header + 8, true), this.#view.getInt32(header + 12, true)];
    if (rows < 0 || columns < 0) this.fail("a compressed matrix of negative size");
    const data = new Float32Array(this.#size(rows * columns, kind === "CM2" ? 2 : 1) / (kind === "CM2" ? 2 : 1));
    if (kind === "CM2") {
      const from = this.#advance(rows * columns * 2);
      for (let i = 0; i < data.length; i++) data[i] = least + (span * this.#view.getUint16(from + i * 2, true)) / 65535;
    } else if (kind === "CM3") {
      const from = this.#advance(rows * columns);
      for (let i = 0; i < data.length; i++) data[i] = least + (span * this.#bytes[from + i]) / 255;
    } else if (kind === "CM") {
      const headers = this.#advance(columns * 8);
      const from = this.#advance(rows * columns);
      for (let c = 0; c < columns; c++) {
        const points = [0, 1, 2, 3].map((p) => least + (span * this.#view.getUint16(headers + c * 8 + p * 2, true)) / 65535);
        for (let r = 0; r < rows; r++) data[r * columns + c] = betweenPercentiles(points, this.#bytes[from + c * rows + r]);
      }
    } else this.fail("an unknown kind of compressed matrix", "CM, CM2 or CM3", kind);
    return { rows, columns, data };
  }

  // Text

  #textValue(ints: boolean): KaldiValue {
    this.#skipSpace();
    if (this.#bytes[this.#at] === code("[")) return this.#textList(ints);
    const word = this.token();
    if (word === "T" || word === "F") return { kind: "boolean", value: word === "T" };
    const number = Number(word.replace(/^(-?)inf(inity)?$/i, "$1Infinity"));
    return Number.isNaN(number) && word.toLowerCase() !== "nan" ? { kind: "word", word } : { kind: "number", int: number, float: number };
  }

  /** A matrix has a line for each row, a vector is on the line of its bracket. */
  #textList(ints: boolean): KaldiValue {
    const first = this.#at + 1;
    const end = this.#bytes.indexOf(code("]"), first);
    if (end < 0) this.fail("a matrix does not end", "]");
    const text = this.#text(first, end);
    this.#at = end + 1;
    const lines = text.split("\n").map((line) =>
      line
        .trim()
        .split(/\s+/)
        .filter((w) => w !== ""),
    );
    const isVector = lines.length <= 1 || lines[0].length > 0;
    const rows = lines.filter((l) => l.length > 0);
    const numbers = rows.flat().map(Number);
    if (numbers.some(Number.isNaN)) this.fail("a number that is none in a matrix");
    if (ints) return { kind: "ints", ints: numbers };
    const columns = isVector ? numbers.length : (rows[0]?.length ?? 0);
    if (!isVector && rows.some((r) => r.length !== columns)) this.fail("rows of different lengths in a matrix");
    return {
      kind: "matrix",
      matrix: { rows: isVector ? Math.min(1, numbers.length) : rows.length, columns, data: Float32Array.from(numbers) },
    };
  }

  #skipSpace(): void {
    while (isSpace(this.#bytes[this.#at])) this.#at++;
  }

  #text(first: number, end: number): string {
    return new TextDecoder("latin1").decode(this.#bytes.subarray(first, end));
  }

  /** Bytes of `count` elements, which the file must hold. */
  #size(count: number, bytes: number): number {
    const size = count * bytes;
    if (!(size >= 0 && size <= this.#bytes.length - this.#at)) this.fail(`${count} numbers that the file does not hold`);
    return size;
  }

  #advance(bytes: number): number {
    if (this.#at + bytes > this.#bytes.length) this.fail("the file ends too early");
    this.#at += bytes;
    return this.#at - bytes;
  }
}

/** Bytes 0 to 64, 64 to 192 and 192 to 255 lie between the column's least number, its quartiles and its greatest. */
function betweenPercentiles([p0, p25, p75, p100]: readonly number[], byte: number): number {
  if (byte <= 64) return p0 + ((p25 - p0) * byte) / 64;
  if (byte <= 192) return p25 + ((p75 - p25) * (byte - 64)) / 128;
  return p75 + ((p100 - p75) * (byte - 192)) / 63;
}
