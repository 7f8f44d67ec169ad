import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { VintnerError } from "../common/errors.ts";

/** Writes a whole file or none: under another name first, then renamed. Folders are made. Throws FILE_ACCESS. */
export async function writeOutput(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new VintnerError(
      "FILE_ACCESS",
      { what: "the file cannot be written", where: path, got: (cause as Error).message, hint: "Choose another place with -o" },
      { cause },
    );
  }
}
