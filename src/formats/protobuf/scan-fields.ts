import type { RandomAccess } from "../../platform/random-access.ts";

/** A field of a protobuf message, as its tag tells. */
export interface WireField {
  readonly number: number;
  readonly wireType: number;
  /** Where its content begins: for messages and strings behind their length. */
  readonly offset: number;
  /** Of its content. */
  readonly length: number;
}

/** The first fields of a message. */
export interface WireFields {
  readonly fields: readonly WireField[];
  /** Whether the message can be one: nothing was met that no protobuf has. A field that is cut off is none such. */
  readonly sound: boolean;
}

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;
/** A tag and a length, as varints. */
const mostHeader = 20;

/**
 * Lists the first fields of a message without reading what they hold, to tell formats apart that have no signature
 * (protobuf's encoding: tag = number * 8 + wire type).
 */
export function scanFields(file: RandomAccess, begin = 0, end = file.size, most = 64): WireFields {
  const fields: WireField[] = [];
  for (let at = begin; at < end && fields.length < most;) {
    const head = file.read(at, Math.min(mostHeader, end - at));
    const tag = readVarint(head, 0);
    if (tag === undefined) return { fields, sound: false };
    const number = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    if (number === 0 || number > 0x1fff_ffff) return { fields, sound: false };
    let offset = at + tag.length;
    let length: number;
    if (wireType === fixed64) length = 8;
    else if (wireType === fixed32) length = 4;
    else {
      const value = readVarint(head, tag.length);
      if (value === undefined || (wireType !== varint && wireType !== delimited)) return { fields, sound: false };
      if (wireType === delimited) offset += value.length;
      length = wireType === varint ? value.length : value.value;
    }
    fields.push({ number, wireType, offset, length });
    at = offset + length;
  }
  return { fields, sound: true };
}

/** A varint as a number; above 2^53 it is not exact. */
function readVarint(bytes: Uint8Array, at: number): { readonly value: number; readonly length: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10 && at + i < bytes.length; i++) {
    const byte = bytes[at + i];
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, length: i + 1 };
  }
  return undefined;
}

/** Whether a field holds text: UTF-8 without control characters. */
export function isText(file: RandomAccess, { wireType, offset, length }: WireField): boolean {
  if (wireType !== delimited || offset + length > file.size || length > 4096) return false;
  try {
    // oxlint-disable-next-line no-control-regex
    return !/[\u0000-\u0008\u000e-\u001f]/.test(new TextDecoder("utf-8", { fatal: true }).decode(file.read(offset, length)));
  } catch {
    return false;
  }
}
