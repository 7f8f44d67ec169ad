import { randomUUID } from "node:crypto";
import { closeSync, lstatSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { readFile as read } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { VintnerError } from "../../common/errors.ts";

/** What a file is going to hold: text, bytes, or bytes in pieces. */
export type FileContent = string | Uint8Array | readonly Uint8Array[];

/** What one call of the system writes. */
const mostAtOnce = 2 ** 30;

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? "";

/** What the system's error means for somebody who reads a file. */
export function readError(path: string, error: unknown): VintnerError {
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR")
    return new VintnerError("FILE_NOT_FOUND", { what: "there is no such file", where: path, hint: "Check the path" }, { cause: error });
  if (code === "EISDIR")
    return new VintnerError("FILE_ACCESS", { what: "this is a folder, not a file", where: path, hint: "Name a file" }, { cause: error });
  return new VintnerError(
    "FILE_ACCESS",
    { what: "the file cannot be read", where: path, got: code || String(error), hint: "Check its permissions" },
    { cause: error },
  );
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

/**
 * Writes files so that all of them appear, or none: each beside its place first, then renamed. Files that were there
 * come back where that fails. Throws FILE_ACCESS.
 */
export function writeFilesAtomic(files: ReadonlyMap<string, FileContent>): void {
  const temporaries = new Map<string, string>();
  let path = "";
  try {
    for (const [target, content] of files) {
      path = target;
      temporaries.set(target, hiddenBeside(target, "tmp"));
      writeNew(temporaries.get(target) as string, content);
    }
    moveAll(temporaries, (target) => (path = target));
  } catch (error) {
    for (const temporary of temporaries.values()) attempt(() => rmSync(temporary, { force: true }));
    throw writeError(path, error);
  }
}

function writeNew(path: string, content: FileContent): void {
  const pieces = typeof content === "string" ? [Buffer.from(content)] : content instanceof Uint8Array ? [content] : content;
  const descriptor = openSync(path, "wx");
  try {
    for (const piece of pieces)
      for (let done = 0; done < piece.length;) done += writeSync(descriptor, piece, done, Math.min(piece.length - done, mostAtOnce));
  } finally {
    closeSync(descriptor);
  }
}

/** Cleaning up must not hide what went wrong before it, nor stop half-way. */
function attempt(step: () => void): void {
  try {
    step();
  } catch {
    // What cannot be removed or moved back stays.
  }
}

const hiddenBeside = (path: string, ending: string): string => join(dirname(resolve(path)), `.${basename(path)}.${randomUUID()}.${ending}`);

/** Moves files to their targets, all or none; `onStart` hears of each. */
function moveAll(sources: ReadonlyMap<string, string>, onStart: (target: string) => void): void {
  const undo: (() => void)[] = [];
  const replaced: string[] = [];
  try {
    for (const [target, source] of sources) {
      onStart(target);
      // One file is replaced in one step.
      if (sources.size > 1 && lstatSync(target, { throwIfNoEntry: false })?.isFile()) {
        const backup = hiddenBeside(target, "old");
        renameSync(target, backup);
        replaced.push(backup);
        undo.push(() => renameSync(backup, target));
      }
      renameSync(source, target);
      undo.push(() => rmSync(target, { force: true }));
    }
  } catch (error) {
    for (const step of undo.toReversed()) attempt(step);
    throw error;
  }
  for (const backup of replaced) attempt(() => rmSync(backup, { force: true }));
}

function writeError(path: string, error: unknown): VintnerError {
  const code = codeOf(error);
  const hints: Readonly<Record<string, string>> = {
    ENOENT: "Create the folder first",
    EISDIR: "Name a file: this is a folder",
    ENOTDIR: "A part of the path is a file: name a folder",
  };
  return new VintnerError(
    "FILE_ACCESS",
    {
      what: "the file cannot be written",
      where: path,
      got: code || String(error),
      hint: hints[code] ?? "Check the folder's permissions and space",
    },
    { cause: error },
  );
}
