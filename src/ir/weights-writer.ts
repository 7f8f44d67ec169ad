/** Offsets of constants in the .bin are multiples of this, so that readers can map them as they are. */
const alignment = 64;

/** Collects the bytes of constants; equal ones are stored once. */
export class WeightsWriter {
  readonly #chunks: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  readonly #byHash = new Map<number, { readonly offset: number; readonly bytes: Uint8Array }[]>();
  #end = 0;

  add(bytes: Uint8Array): { readonly offset: number; readonly size: number } {
    const hash = fnv1a(bytes);
    const candidates = this.#byHash.get(hash) ?? [];
    const same = candidates.find((c) => equalBytes(c.bytes, bytes));
    if (same) return { offset: same.offset, size: bytes.byteLength };
    const chunk = { offset: Math.ceil(this.#end / alignment) * alignment, bytes };
    this.#end = chunk.offset + bytes.byteLength;
    this.#chunks.push(chunk);
    this.#byHash.set(hash, [...candidates, chunk]);
    return { offset: chunk.offset, size: bytes.byteLength };
  }

  /** The file in pieces: the constants themselves, not copied, and zeros between them. */
  pieces(): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let end = 0;
    for (const { offset, bytes } of this.#chunks) {
      if (offset > end) pieces.push(new Uint8Array(offset - end));
      pieces.push(bytes);
      end = offset + bytes.byteLength;
    }
    return pieces;
  }

  /** The whole file in memory. */
  finish(): Uint8Array {
    const all = new Uint8Array(this.#end);
    for (const { offset, bytes } of this.#chunks) all.set(bytes, offset);
    return all;
  }
}

/** Fowler-Noll-Vo 1a over the length and up to 4096 bytes spread over the data: a filter before the comparison. */
function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5 ^ bytes.byteLength;
  const step = Math.max(1, Math.floor(bytes.byteLength / 4096));
  for (let i = 0; i < bytes.byteLength; i += step) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let i = 0; i < a.byteLength; i++) if (a[i] !== b[i]) return false;
  return true;
}
