import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { build } from "esbuild";

/**
 * `npm run build`: types by the compiler, one file for each source; code bundled into few files, since a process that opens
 * hundreds of modules spends more time on that than on a small network; that is why what reads models is a development dependency, and
 * bundled. What differs between Node and the browser stays apart, for the `imports` map of package.json to choose.
 */
const root = resolve(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });
const types = spawnSync("npx", ["tsc", "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
if (types.status !== 0) process.exit(types.status ?? 1);

const platforms = ["platform/node", "platform/browser"].flatMap((folder) =>
  readdirSync(join(root, "src", folder))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => `${folder}/${file.slice(0, -3)}`),
);
const { dependencies: own, optionalDependencies: optional } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Readonly<
  Record<string, Readonly<Record<string, string>>>
>;
const dependencies = Object.keys({ ...own, ...optional });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(["index", "opset", "cli/main", ...platforms].map((name) => [name, `src/${name}.ts`])),
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2023",
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["import", "module"],
  external: ["node:*", "#platform/*", ...dependencies],
  chunkNames: "chunks/[name]-[hash]",
  metafile: true,
  // Names stay, for stack traces, and lines, since Node prints the one where an error was thrown.
  minifyWhitespace: true,
  lineLimit: 160,
  legalComments: "none",
});

/** The licences of what was bundled, as they ask for: a package's own file, or the notices at the top of its sources. */
const packages = new Map<string, Set<string>>();
for (const path of Object.keys(metafile.inputs)) {
  const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
  if (folder === undefined) continue;
  const notices = packages.get(folder) ?? new Set();
  packages.set(folder, notices);
  const head = /^(?:\/\/.*\n)+/.exec(readFileSync(join(root, path), "utf8"))?.[0] ?? "";
  if (head.includes("Copyright")) notices.add(head.replaceAll(/^\/\/ ?/gm, "").trim());
}
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly author?: string | { readonly name: string };
}
const licences = [...packages]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([folder, notices]) => {
    const { name, version, license, author } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
    const files = readdirSync(join(root, folder)).filter((file) => /^licen[cs]e/i.test(file));
    const texts = files.map((file) => readFileSync(join(root, folder, file), "utf8").trim());
    const by = typeof author === "object" ? author.name : author;
    return [`${name} ${version} (${license})${by === undefined ? "" : ` by ${by}`}`, ...texts, ...notices].join("\n\n");
  });
writeFileSync(join(root, "dist/THIRD-PARTY-LICENSES.txt"), `${licences.join(`\n\n${"-".repeat(80)}\n\n`)}\n`);
