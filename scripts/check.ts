import { spawnSync } from "node:child_process";
import { layerProblems, sizeTable } from "./check-layers.ts";

/** `npm run check`: everything that can be said of the code without running it. */
const commands: readonly (readonly [name: string, command: string])[] = [
  ["format", "oxfmt --check"],
  ["lint", "oxlint --type-aware --deny-warnings"],
  ["types of the core, without Node", "tsc -p tsconfig.core.json"],
  ["types", "tsc -p tsconfig.node.json"],
  ["dead code", "knip"],
  ["build", "npm run --silent build"],
  ["package", "publint --strict"],
  ["package types", "attw --pack . --profile esm-only --quiet"],
  ["package size", "tsx scripts/check-package-size.ts"],
];

let failed = false;
const report = (name: string, problems: string): void => {
  failed ||= problems !== "";
  process.stdout.write(`${problems === "" ? "ok    " : "FAILED"} ${name}\n${problems === "" ? "" : `${problems}\n`}`);
};

report("import direction and file sizes", layerProblems().join("\n"));
process.stdout.write(`${sizeTable()}\n`);
for (const [name, command] of commands) {
  const { status, stdout, stderr } = spawnSync(command, { shell: true, encoding: "utf8" });
  report(name, status === 0 ? "" : `${stdout}${stderr}`.trim() || `exit code ${status}`);
}
process.exit(failed ? 1 : 0);
