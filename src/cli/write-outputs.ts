import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { writeFilesAtomic } from "#platform/files";
import { VintnerError } from "../common/errors.ts";

/** Makes the folder that a file is going to lie in. Throws FILE_ACCESS. */
export function makeFolderFor(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (cause) {
    throw new VintnerError(
      "FILE_ACCESS",
      {
        what: "the folder cannot be made",
        where: dirname(path),
        got: reasonOf((cause as { readonly code?: string }).code),
        hint: "Choose another place with -o",
      },
      { cause },
    );
  }
}

function reasonOf(code = "an error"): string {
  if (code === "EEXIST" || code === "ENOTDIR") return "a file of this name";
  return code === "EACCES" || code === "EPERM" || code === "EROFS" ? `no permission (${code})` : code;
}

/** Writes a whole file or none, and the folder for it. Throws FILE_ACCESS. */
export function writeOutput(path: string, bytes: Uint8Array): void {
  makeFolderFor(path);
  writeFilesAtomic(new Map([[path, bytes]]));
}

/** Refuses to write over a file that is read, whatever path or link leads to it. Throws INVALID_ARGUMENT. */
export function checkNoneIsRead(outputs: readonly string[], inputs: readonly string[]): void {
  const read = inputs.map((path) => [path, identityOf(path)] as const);
  for (const output of outputs) {
    const identity = identityOf(output);
    const [input] = read.find(([, other]) => identity !== undefined && identity === other) ?? [];
    if (input !== undefined)
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "the output would overwrite what is read",
        where: output,
        hint: "Choose another place with -o, or another name with --model-name",
      });
  }
}

/** The same for all paths to a file; undefined where there is none that can be reached. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
