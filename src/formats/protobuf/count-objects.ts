import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { ObjectBudget } from "../object-budget.ts";

/** What the decoder makes of a field, by what it takes of the heap. */
interface FieldCost {
  readonly message?: MessageCost;
  /** Of one element: a number, a string, a view of bytes. */
  readonly element: number;
  /** Bytes of an element in packed form; 0 for varints. */
  readonly width: number;
  readonly text: boolean;
}

interface MessageCost {
  readonly bytes: number;
  readonly fields: ReadonlyMap<number, FieldCost>;
}

/** An object with its first properties, and one property more: for lists an empty list. */
const objectBytes = 64;
const propertyBytes = 32;
const numberBytes = 16;
const bigintBytes = 32;
const stringBytes = 32;
const viewBytes = 120;
/** The most that a byte of a file becomes: a message of two bytes, with all its lists. */
const mostPerByte = 512;

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;

const costs = new WeakMap<DescMessage, MessageCost>();

function costOf(schema: DescMessage): MessageCost {
  const known = costs.get(schema);
  if (known) return known;
  const fields = new Map<number, FieldCost>();
  const cost = { bytes: objectBytes + propertyBytes * schema.fields.length, fields };
  // Before its fields: messages hold messages of their own kind.
  costs.set(schema, cost);
  for (const field of schema.fields) fields.set(field.number, fieldCost(field));
  return cost;
}

function fieldCost(field: DescField): FieldCost {
  const isMessage = field.fieldKind === "message" || (field.fieldKind === "list" && field.listKind === "message");
  if (isMessage && field.message) {
    const { message } = field;
    return {
      get message() {
        return costOf(message);
      },
      element: 0,
      width: 0,
      text: false,
    };
  }
  const scalar = "scalar" in field ? field.scalar : undefined;
  switch (scalar) {
    case ScalarType.STRING:
      return { element: stringBytes, width: 0, text: true };
    case ScalarType.BYTES:
      return { element: viewBytes, width: 0, text: true };
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
      return { element: bigintBytes, width: 0, text: false };
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return { element: bigintBytes, width: 8, text: false };
    case ScalarType.DOUBLE:
      return { element: numberBytes, width: 8, text: false };
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return { element: numberBytes, width: 4, text: false };
    default:
      return { element: numberBytes, width: 0, text: false };
  }
}

/** Messages up to this are not looked into as long as even the most that they could become fits. */
const smallMessage = 4096;

/**
 * Spends what the objects take that a message becomes, before it is decoded. Throws FORMAT where the budget has not as much. What lies
 * behind data that makes no sense does not count: the decoder will not come so far.
 */
export function countObjects(schema: DescMessage, data: Uint8Array, maxDepth: number, budget: ObjectBudget): void {
  // Most files are too small for a look, and in most others all but a few arrays are.
  if (data.byteLength * mostPerByte <= budget.left) return;
  for (const small of [smallMessage, 0]) {
    const walk = new Walk(data, budget.left, small);
    walk.message(costOf(schema), data.byteLength, maxDepth);
    if (walk.total <= budget.left || small === 0) return budget.spend(walk.total);
  }
}

class Walk {
  total = 0;
  readonly #data: Uint8Array;
  readonly #most: number;
  readonly #small: number;
  #at = 0;

  constructor(data: Uint8Array, most: number, small: number) {
    this.#data = data;
    this.#most = most;
    this.#small = small;
  }

  /** Whether to go on: the message made sense up to its end, and the total is not too large. */
  message({ bytes, fields }: MessageCost, end: number, depth: number): boolean {
    this.total += bytes;
    while (this.#at < end) {
      const tag = this.#varint();
      const field = fields.get(Math.floor(tag / 8));
      switch (tag % 8) {
        case varint:
          this.#varint();
          break;
        case fixed64:
          this.#at += 8;
          break;
        case fixed32:
          this.#at += 4;
          break;
        case delimited: {
          const length = this.#varint();
          const next = length + this.#at;
          if (!(next <= end)) return false;
          if (field?.message && length < this.#small) this.total += Math.max(length, 2) * mostPerByte;
          else if (field?.message) {
            if (depth === 0 || !this.message(field.message, next, depth - 1)) return false;
          } else if (field) this.total += this.#content(field, next);
          this.#at = next;
          break;
        }
        default:
          return false;
      }
      if (field && !field.message && tag % 8 !== delimited) this.total += field.element;
      if (Number.isNaN(this.#at) || this.total > this.#most) return false;
    }
    return this.#at === end;
  }

  #content({ element, width, text }: FieldCost, end: number): number {
    const length = end - this.#at;
    if (text) return element + (element === stringBytes ? 2 * length : 0);
    if (width > 0) return element * (length / width);
    let count = 0;
    for (let i = this.#at; i < end; i++) if (this.#data[i] < 128) count++;
    return element * count;
  }

  /** NaN, which ends the walk, where the data ends. */
  #varint(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.#data[this.#at++];
      if (byte === undefined) return (this.#at = Number.NaN);
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value;
    }
    return (this.#at = Number.NaN);
  }
}
