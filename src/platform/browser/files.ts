import { VintnerError } from "../../common/errors.ts";

/** Whether this platform has files. */
export const hasFiles = false;

const noFiles = (path: string): VintnerError =>
  new VintnerError("UNSUPPORTED", {
    what: "a browser has no files to open",
    where: path,
    hint: "Fetch the bytes and pass them as a Uint8Array",
  });

export async function readFile(path: string): Promise<Uint8Array> {
  throw noFiles(path);
}

export function readFileSync(path: string): Uint8Array {
  throw noFiles(path);
}

export function writeFilesAtomic(files: ReadonlyMap<string, Uint8Array | string>): void {
  throw noFiles([...files.keys()][0] ?? "");
}

export const besidePath = (path: string, location: string): string => `${path.slice(0, path.lastIndexOf("/") + 1)}${location}`;

export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
