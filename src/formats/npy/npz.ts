import { unzipSync, type Zippable, zipSync } from "fflate";
import { memoryLimit } from "#platform/memory";
import { VintnerError } from "../../common/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { readNpy, writeNpy } from "./npy.ts";

/** Most bytes that the arrays of one archive may take when unpacked. */
const maxUnpackedBytes = 2 ** 32;
/** The most that DEFLATE can shrink data; an archive that claims more lies about its sizes. */
const maxDeflateRatio = 1032;

const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);

/** Reads a .npz archive: its arrays by name, in the archive's order. Throws FORMAT for damaged archives. */
export function readNpz(bytes: Uint8Array, where = "npz data"): Map<string, Tensor> {
  if (!isZip(bytes)) throw new VintnerError("FORMAT", { what: "not a .npz archive", where, expected: "a ZIP file of .npy files" });
  let unpacked = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, originalSize, size }) => {
        unpacked += originalSize;
        // All together as well: entries may claim the same bytes of the archive again and again.
        const most = Math.min(maxUnpackedBytes, memoryLimit() / 2, bytes.length * maxDeflateRatio);
        if (unpacked > most || originalSize > size * maxDeflateRatio + 64)
          throw new VintnerError("FORMAT", { what: `array "${name}" claims an impossible size`, where, got: `${originalSize} bytes` });
        return name.endsWith(".npy");
      },
    });
  } catch (cause) {
    if (cause instanceof VintnerError) throw cause;
    if (cause instanceof RangeError && /allocation/i.test(cause.message))
      throw new VintnerError("OUT_OF_MEMORY", { what: "there is no room for the arrays of the archive", where }, { cause });
    throw new VintnerError("FORMAT", { what: "the archive is damaged", where, got: (cause as Error).message }, { cause });
  }
  return new Map(
    Object.entries(files).map(([file, content]) => {
      const name = file.slice(0, -".npy".length);
      return [name, readNpy(content, `array "${name}" of ${where}`)];
    }),
  );
}

/** Writes arrays as a .npz archive. The same arrays give the same bytes. */
export function writeNpz(arrays: Iterable<readonly [string, Tensor]>, options: { readonly compress?: boolean } = {}): Uint8Array {
  const files: Zippable = {};
  let total = 0;
  for (const [name, tensor] of arrays) {
    const content = writeNpy(tensor);
    total += content.length + 2 * name.length + 128;
    files[`${name}.npy`] = content;
  }
  if (total >= 2 ** 32)
    throw new VintnerError("UNSUPPORTED", {
      what: "a .npz archive of more than 4 GiB",
      got: `${total} bytes`,
      hint: "Write single .npy files",
    });
  return zipSync(files, { level: options.compress ? 6 : 0, mtime: new Date(1980, 0, 1) });
}
