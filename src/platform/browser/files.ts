import { VintnerError } from "../../common/errors.ts";

export const noFiles = (path: string): VintnerError =>
  new VintnerError("UNSUPPORTED", {
    what: "a browser has no files to open",
    where: path,
    hint: "Fetch the bytes and pass them as a Uint8Array",
  });

export async function readFile(path: string): Promise<Uint8Array> {
  throw noFiles(path);
}

/** What a file is going to hold. */
export type FileContent = string | Uint8Array | readonly Uint8Array[];

export function writeFilesAtomic(files: ReadonlyMap<string, FileContent>): void {
  throw noFiles([...files.keys()][0] ?? "");
}
