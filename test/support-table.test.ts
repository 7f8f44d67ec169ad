import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { supportTable } from "../scripts/support-table.ts";

test("docs/support.md is what the code says: run npm run docs", () => {
  expect(readFileSync(resolve(import.meta.dirname, "../docs/support.md"), "utf8")).toBe(supportTable());
});
