import { randomUUID } from "node:crypto";
import { readFileSync as readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile as read } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { VintnerError } from "../../common/errors.ts";

/** Whether this platform has files. */
export const hasFiles = true;

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? "";

function readError(path: string, error: unknown): VintnerError {
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR")
    return new VintnerError("FILE_NOT_FOUND", { what: "there is no such file", where: path, hint: "Check the path" }, { cause: error });
  if (code === "EISDIR") return new VintnerError("FILE_ACCESS", { what: "this is a folder, not a file", where: path }, { cause: error });
  return new VintnerError("FILE_ACCESS", { what: "the file cannot be read", where: path, got: code || String(error) }, { cause: error });
}

const view = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);

/** The bytes of a file. Throws FILE_NOT_FOUND, FILE_ACCESS. */
export async function readFile(path: string): Promise<Uint8Array> {
  try {
    return view(await read(path));
  } catch (error) {
    throw readError(path, error);
  }
}

/** The same, blocking. */
export function readFileSync(path: string): Uint8Array {
  try {
    return view(readSync(path));
  } catch (error) {
    throw readError(path, error);
  }
}

/** Writes files so that all of them appear, or none: each beside its place first, then renamed. Throws FILE_ACCESS. */
export function writeFilesAtomic(files: ReadonlyMap<string, Uint8Array | string>): void {
  const written: { readonly temporary: string; readonly path: string }[] = [];
  try {
    for (const [path, content] of files) {
      const temporary = join(dirname(resolve(path)), `.${basename(path)}.${randomUUID()}.tmp`);
      written.push({ temporary, path });
      writeFileSync(temporary, content);
    }
    for (const { temporary, path } of written) renameSync(temporary, path);
  } catch (error) {
    for (const { temporary } of written) rmSync(temporary, { force: true });
    const code = codeOf(error);
    const path = [...files.keys()][0] as string;
    throw new VintnerError(
      "FILE_ACCESS",
      {
        what: "the file cannot be written",
        where: path,
        got: code || String(error),
        hint: code === "ENOENT" ? "Create the folder first" : "Check the folder's permissions and space",
      },
      { cause: error },
    );
  }
}

/** The path of a file beside another. */
export const besidePath = (path: string, location: string): string => join(dirname(path), location);

export const baseName = (path: string): string => basename(path);
