import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/** The folders of src, in the order in which they may import: each from those before it: docs/architecture.md. */
const layers = [
  "common",
  "platform",
  "tensor",
  "model",
  "ops",
  "formats",
  "frontends",
  "transformations",
  "ir",
  "quantization",
  "kernel",
  "lowering",
  "codegen",
  "devices",
  "runtime",
  "convert",
  "compat",
  "server",
  "cli",
];
/** Lines of a file: over `soft` it is listed, over `hard` it fails. Tables and generated code are exempt. */
const soft = 500;
const hard = 900;

const root = resolve(import.meta.dirname, "../src");

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : path.endsWith(".ts") ? [path] : [];
  });
}

/** Tests, and what several of them share. */
const isTest = (path: string): boolean => path.endsWith(".test.ts") || path.endsWith(".fixture.ts");

const layerOf = (path: string): number => layers.indexOf(relative(root, path).split("/")[0]);

/** Imports against the order, and files that are too long. */
export function layerProblems(): string[] {
  const problems: string[] = [];
  for (const path of files(root)) {
    const name = relative(root, path);
    const text = readFileSync(path, "utf8");
    if (!path.includes("/generated/") && text.split("\n").length > hard) problems.push(`${name} has more than ${hard} lines`);
    const own = layerOf(path);
    if (own < 0 || isTest(path)) continue;
    for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      if (specifier.startsWith("#platform/")) continue;
      if (specifier.startsWith("node:") && !["cli", "server"].includes(layers[own]) && !name.startsWith("platform/node/"))
        problems.push(`${name} imports ${specifier}: only platform/node, cli and server know Node`);
      if (!specifier.startsWith(".")) continue;
      const other = layerOf(resolve(path, "..", specifier));
      if (other > own || (other < 0 && own >= 0))
        problems.push(`${name} imports ${specifier}: ${layers[own]} comes before ${layers[other] ?? "the facade"}`);
    }
  }
  return problems;
}

/** Number of files, median and longest: the size table. */
export function sizeTable(): string {
  const sizes = files(root)
    .filter((p) => !isTest(p) && !p.includes("/generated/"))
    .map((p) => ({ name: relative(root, p), lines: readFileSync(p, "utf8").split("\n").length }))
    .toSorted((a, b) => b.lines - a.lines);
  const long = sizes.filter((s) => s.lines > soft).map((s) => `  ${s.lines} ${s.name}`);
  return [`${sizes.length} files, median ${sizes[sizes.length >> 1]?.lines ?? 0} lines, longest ${sizes[0]?.lines ?? 0}`, ...long].join(
    "\n",
  );
}
