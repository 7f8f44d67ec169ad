import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readModelSync } from "../../src/frontends/read-model.ts";
import { serializeModel } from "../../src/ir/serialize-model.ts";
import type { Model } from "../../src/model/model.ts";
import { comparableIr } from "../support/comparable-ir.ts";
import { modelFolder, onnxModels } from "../support/model-cases.ts";
import { missing, oraclePython } from "./oracle-python.ts";

/** OpenVINO names itself in what it saves. */
const withoutVersion = (xml: string): string =>
  xml.replace(/<rt_info>\s*<info name="OpenVINO Runtime" value="[^"]*" \/>\s*<\/rt_info>/, "<rt_info />");

/** All constants by name: type, shape, a digest of the bytes. */
const constantsOf = (model: Model): Record<string, string> =>
  Object.fromEntries(
    model.nodes().flatMap(({ constant, friendlyName }) => {
      if (constant === undefined) return [];
      const digest = createHash("sha256").update(constant.bytes).digest("hex");
      return [[friendlyName, `${constant.elementType}[${constant.shape}] ${digest}`]];
    }),
  );

/** OpenVINO's text, with the dimensions that vintner solves where OpenVINO does not. */
function withSolved(theirs: string, ours: string): string {
  const own = ours.split("\n");
  return theirs
    .split("\n")
    .map((line, i) => (line.includes("<dim>-1</dim>") && /<dim>\d+<\/dim>/.test(own[i] ?? "") ? own[i] : line))
    .join("\n");
}

describe.skipIf(missing)(`vintner writes IR as the real OpenVINO does${missing ? ` (skipped: ${missing})` : ""}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vintner-writing-"));
    const script = resolve(import.meta.dirname, "save-models.py");
    execFileSync(oraclePython as string, [script, folder, ...onnxModels.map((m) => join(modelFolder, m))], { stdio: "pipe" });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(onnxModels)("%s", (model) => {
    const path = join(folder, `${onnxModels.indexOf(model)}.xml`);
    const plain = readModelSync(path);
    const own = serializeModel(plain).xml;
    expect(comparableIr(own)).toEqual(comparableIr(withSolved(readFileSync(path, "utf8"), own)));

    const theirs = path.replace(/xml$/, "fp16.xml");
    const { xml, bin } = serializeModel(plain, { compressToFp16: true });
    expect(comparableIr(xml)).toEqual(comparableIr(withSolved(withoutVersion(readFileSync(theirs, "utf8")), xml)));
    const ours = readModelSync({ name: "model.xml", bytes: new TextEncoder().encode(xml), files: { "model.bin": bin } });
    expect(constantsOf(ours)).toEqual(constantsOf(readModelSync(theirs)));
  });
});
