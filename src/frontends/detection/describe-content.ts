import type { RandomAccess } from "../../platform/random-access.ts";
import { head, headText, looksLikeText } from "./head.ts";

/** What a file that is no model turned out to be, and what to do about it. */
export interface ContentDescription {
  readonly what: string;
  readonly hint?: string;
}

const signatures: readonly (readonly [bytes: readonly number[], what: string])[] = [
  [[0x89, 0x50, 0x4e, 0x47], "a PNG picture"],
  [[0xff, 0xd8, 0xff], "a JPEG picture"],
  [[0x1f, 0x8b], "data packed with gzip"],
  [[0x50, 0x4b, 0x03, 0x04], "a ZIP archive"],
  [[0x80, 0x02], "a Python pickle"],
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], "a NumPy array"],
  [[0x47, 0x47, 0x55, 0x46], "a GGUF file"],
];

/** Says what the first bytes of a file are, for the error about it. */
export function describeContent(file: RandomAccess): ContentDescription {
  const bytes = head(file, 16);
  const text = headText(file, 512);
  if (text.startsWith("version https://git-lfs."))
    return { what: "a pointer of Git LFS instead of the file", hint: "Fetch the file itself: git lfs pull" };
  if (/^\s*<(!doctype html|html)/i.test(text)) return { what: "a web page", hint: "The download gave a page instead of the file" };
  const known = signatures.find(([signature]) => signature.every((byte, i) => bytes[i] === byte));
  if (known) return { what: known[1] };
  if (looksLikeText(text)) return { what: `text that begins ${JSON.stringify(text.trim().slice(0, 40))}` };
  return { what: `${file.size} bytes that begin ${[...bytes].map((b) => b.toString(16).padStart(2, "0")).join(" ")}` };
}
