import { kindOfPath, listFolder, openFile, openFileAsync, type OpenFile, pathInside, splitPath } from "#platform/open-file";
import { VintnerError } from "../common/errors.ts";
import type { RandomAccess } from "../platform/random-access.ts";
import { insideFolder, type ModelFiles } from "./model-files.ts";

/** A model that lies in the file system: a file with those beside it, or a folder. Weights are a path, or bytes. */
export function filesOfPath(path: string, weights: string | RandomAccess | undefined): ModelFiles {
  if (kindOfPath(path) === "folder") return folderFiles(path, undefined, open(weights));
  return folderFiles(path, openFile(path), open(weights));
}

/** The same, without blocking while the named files are read. */
export async function filesOfPathAsync(path: string, weights: string | RandomAccess | undefined): Promise<ModelFiles> {
  const second = typeof weights === "string" ? await openFileAsync(weights) : weights;
  if (kindOfPath(path) === "folder") return folderFiles(path, undefined, second);
  return folderFiles(path, await openFileAsync(path), second);
}

const open = (weights: string | RandomAccess | undefined): RandomAccess | undefined =>
  typeof weights === "string" ? openFile(weights) : weights;

function folderFiles(path: string, main: OpenFile | undefined, weights: RandomAccess | undefined): ModelFiles {
  const [folder, mainName] = main ? splitPath(path) : [path, undefined];
  const opened = new Map<string, OpenFile>();
  return {
    name: main?.name ?? path,
    main,
    weights,
    names: () => listFolder(folder),
    open(location) {
      const inside = insideFolder(location);
      const known = opened.get(inside);
      if (known) return known;
      const file = openBeside(folder, mainName, inside);
      opened.set(inside, file);
      return file;
    },
    withMain(name) {
      const file = openFile(pathInside(folder, undefined, insideFolder(name)), name);
      return { ...folderFiles(`${folder}/${name}`, file, weights) };
    },
    close() {
      for (const file of [main, weights, ...opened.values()]) if (file && "close" in file) (file as OpenFile).close();
    },
  };
}

function openBeside(folder: string, main: string | undefined, location: string): OpenFile {
  try {
    return openFile(pathInside(folder, main, location), location);
  } catch (cause) {
    if (!(cause instanceof VintnerError) || cause.code !== "FILE_NOT_FOUND" || main === undefined) throw cause;
    const { what, where } = cause.details;
    const hint = `${main} keeps its weights there: put the file beside it`;
    throw new VintnerError(cause.code, { what, ...(where !== undefined && { where }), hint }, { cause });
  }
}
