import type { RandomAccess } from "../../platform/random-access.ts";

/** The first bytes of a file, fewer where it is shorter. */
export const head = (file: RandomAccess, length: number): Uint8Array => file.read(0, Math.min(length, file.size));

/** The first bytes as text; what is no UTF-8 becomes replacement characters. */
export const headText = (file: RandomAccess, length = 4096): string => new TextDecoder().decode(head(file, length));

/** Whether a file holds these bytes at an offset. */
export function hasBytes(file: RandomAccess, offset: number, expected: readonly number[]): boolean {
  if (file.size < offset + expected.length) return false;
  const bytes = file.read(offset, expected.length);
  return expected.every((byte, i) => bytes[i] === byte);
}

/** Whether text holds letters only that text files do: no control characters but white space. */
// oxlint-disable-next-line no-control-regex
export const looksLikeText = (text: string): boolean => text.trim() !== "" && !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text.slice(0, -1));
