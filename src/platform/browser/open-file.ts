import type { RandomAccess } from "../random-access.ts";
import { noFiles } from "./files.ts";

/** A file that stays open. */
export interface OpenFile extends RandomAccess {
  readonly path: string;
  close(): void;
}

export function kindOfPath(path: string): "file" | "folder" {
  throw noFiles(path);
}

export function openFile(path: string, _name?: string): OpenFile {
  throw noFiles(path);
}

export async function openFileAsync(path: string, _name?: string): Promise<OpenFile> {
  throw noFiles(path);
}

export function listFolder(folder: string): string[] {
  throw noFiles(folder);
}

export function pathInside(folder: string, _main: string | undefined, location: string): string {
  throw noFiles(`${folder}/${location}`);
}

export function splitPath(path: string): readonly [folder: string, name: string] {
  throw noFiles(path);
}
