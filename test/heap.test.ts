import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";

test("evaluations keep what is as long as their tensors out of the heap", () => {
  const root = resolve(import.meta.dirname, "..");
  const loader = resolve(root, "node_modules/tsx/dist/loader.mjs");
  const script = resolve(root, "test/support/evaluate-large.ts");
  // What Node and the operations themselves need, and less than a list of 2^22 numbers on top of it.
  const args = ["--max-old-space-size=48", "--import", loader, "--conditions=source", script];
  expect(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" })).toMatch(/all done\n$/);
});
