import { closeSync, constants, fstatSync, opendirSync, openSync, read, readSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { VintnerError } from "../../common/errors.ts";
import { checkedRange, type RandomAccess } from "../random-access.ts";
import { readError } from "./files.ts";

/**
 * Files up to this are read at once where more than a look at them is asked for; others by ranges, so that a file may be larger than
 * memory.
 */
const wholeBytes = 2 ** 28;
/** Ranges below `smallBytes` come out of chunks, since a model has thousands of them. */
const smallBytes = 2 ** 16;
const chunkBytes = 2 ** 22;
/** What one call of the system reads. */
const mostAtOnce = 2 ** 30;
/** Folders with more files than this are no models. */
const mostListed = 10_000;
const deepestListed = 8;

const readAsync = promisify(read);

/** A file that stays open. */
export interface OpenFile extends RandomAccess {
  readonly path: string;
  close(): void;
}

/** What a path leads to. Throws FILE_NOT_FOUND, and FILE_ACCESS for what is neither: pipes and devices never end. */
export function kindOfPath(path: string): "file" | "folder" {
  return kindOf(path, statOf(path));
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw readError(path, error);
  }
}

function kindOf(path: string, stats: Stats): "file" | "folder" {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  throw new VintnerError("FILE_ACCESS", {
    what: "this is no file that can be read in ranges",
    where: path,
    expected: "a regular file",
    got: stats.isFIFO() ? "a pipe" : stats.isSocket() ? "a socket" : "a device",
    hint: "Write what it gives to a file first",
  });
}

/** Opens a file. Throws FILE_NOT_FOUND, FILE_ACCESS for folders, pipes and devices, without waiting for one. */
export function openFile(path: string, name = basename(path)): OpenFile {
  return new NodeFile(path, name);
}

/** The same; files that are read at once are read without blocking. */
export async function openFileAsync(path: string, name?: string): Promise<OpenFile> {
  const file = new NodeFile(path, name ?? basename(path));
  await file.load();
  return file;
}

class NodeFile implements OpenFile {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  #descriptor: number | undefined;
  /** The part of the file that is in memory. */
  #chunk: { readonly offset: number; readonly bytes: Uint8Array } | undefined;

  constructor(path: string, name: string) {
    this.name = name;
    this.path = path;
    // Looked at before it is opened: opening a pipe would wait for its other end.
    if (kindOfPath(path) === "folder") throw readError(path, { code: "EISDIR" });
    try {
      this.#descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      throw readError(path, error);
    }
    try {
      // It may have been replaced in between.
      const stats = fstatSync(this.#descriptor);
      if (kindOf(path, stats) === "folder") throw readError(path, { code: "EISDIR" });
      this.size = stats.size;
    } catch (error) {
      this.close();
      throw error instanceof VintnerError ? error : readError(path, error);
    }
  }

  read(offset = 0, wanted?: number): Uint8Array {
    const length = checkedRange(this, offset, wanted);
    if (length === 0) return new Uint8Array(0);
    const held = this.#held(offset, length);
    if (held) return held;
    if (this.size <= chunkBytes || (this.size <= wholeBytes && length >= smallBytes)) this.#keep(0, this.#readNow(0, this.size));
    else if (length < smallBytes) this.#keep(offset, this.#readNow(offset, Math.min(chunkBytes, this.size - offset)));
    else return this.#readNow(offset, length);
    return this.#held(offset, length) as Uint8Array;
  }

  /** Reads the file without blocking, where it is one that is read at once. */
  async load(): Promise<void> {
    if (this.size > wholeBytes || this.#chunk || this.#descriptor === undefined) return;
    const bytes = allocate(this.size, this.path);
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await readAsync(this.#descriptor, bytes, done, Math.min(bytes.length - done, mostAtOnce), done);
        if (bytesRead === 0) throw shrunk(this.path);
        done += bytesRead;
      }
    } catch (error) {
      throw error instanceof VintnerError ? error : readError(this.path, error);
    }
    this.#keep(0, bytes);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #held(offset: number, length: number): Uint8Array | undefined {
    const chunk = this.#chunk;
    if (!chunk || offset < chunk.offset || offset + length > chunk.offset + chunk.bytes.length) return undefined;
    return chunk.bytes.subarray(offset - chunk.offset, offset - chunk.offset + length);
  }

  #keep(offset: number, bytes: Uint8Array): void {
    this.#chunk = { offset, bytes };
    if (bytes.length === this.size) this.close();
  }

  #readNow(offset: number, length: number): Uint8Array {
    const { path } = this;
    if (this.#descriptor === undefined) throw new VintnerError("INTERNAL", { what: "a file is read after it was closed", where: path });
    const bytes = allocate(length, path);
    try {
      for (let done = 0; done < length;) {
        const count = readSync(this.#descriptor, bytes, done, Math.min(length - done, mostAtOnce), offset + done);
        if (count === 0) throw shrunk(path);
        done += count;
      }
    } catch (error) {
      throw error instanceof VintnerError ? error : readError(path, error);
    }
    return bytes;
  }
}

/** Memory of its own, that is not cleared: all of it is read over. */
function allocate(length: number, where: string): Uint8Array {
  try {
    const buffer = Buffer.allocUnsafeSlow(length);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, length);
  } catch (cause) {
    throw new VintnerError("OUT_OF_MEMORY", { what: "there is no room for what is read", where, got: `${length} bytes` }, { cause });
  }
}

const shrunk = (where: string): VintnerError =>
  new VintnerError("FORMAT", { what: "the file became shorter while it was read", where, hint: "Wait until it is written whole" });

/** The files in a folder and in those inside it, by their paths from it, sorted. Links to folders are not followed. Throws FILE_ACCESS. */
export function listFolder(folder: string): string[] {
  const found: string[] = [];
  const open = [{ path: folder, prefix: "", depth: 0 }];
  for (let at = open.pop(); at; at = open.pop()) {
    try {
      const entries = opendirSync(at.path);
      try {
        for (let entry = entries.readSync(); entry && found.length < mostListed; entry = entries.readSync()) {
          const name = `${at.prefix}${entry.name}`;
          if (!entry.isDirectory()) found.push(name);
          else if (at.depth < deepestListed) open.push({ path: join(at.path, entry.name), prefix: `${name}/`, depth: at.depth + 1 });
        }
      } finally {
        entries.closeSync();
      }
    } catch (error) {
      // What lies further inside and cannot be looked into holds nothing that can be read.
      if (at.depth === 0) throw readError(folder, error);
    }
  }
  return found.toSorted();
}

/**
 * The path of a file in a model's folder, with links followed. They may lead to where the model's own file really lies (caches
 * keep all their files in one folder and link to them), and nowhere else. Throws INVALID_MODEL, FILE_NOT_FOUND, FILE_ACCESS.
 */
export function pathInside(folder: string, main: string | undefined, location: string): string {
  const path = join(folder, location);
  const real = (of: string): string => {
    try {
      return realpathSync(of);
    } catch (error) {
      throw readError(path, error);
    }
  };
  const target = real(path);
  const roots = [real(folder), ...(main === undefined ? [] : [dirname(real(join(folder, main)))])];
  if (roots.some((root) => !relative(root, target).startsWith(`..${sep}`) && relative(root, target) !== "..")) return target;
  throw new VintnerError("INVALID_MODEL", {
    what: "the files of a model must lie in its folder",
    where: path,
    expected: `a file in ${folder}`,
    got: "a link out of it",
    hint: "Put the file itself there, if you trust the model",
  });
}

/** The folder that a path lies in, and its name there. */
export const splitPath = (path: string): readonly [folder: string, name: string] => [dirname(path), basename(path)];
