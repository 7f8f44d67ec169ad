import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertModel, saveModel, type Tensor } from "../src/index.ts";
import { readNpz, writeNpz } from "../src/formats/npy/npz.ts";
import { fp16ErrorsFile, fp16Models } from "../test/support/fp16-errors.ts";
import { modelCases, rangeError } from "../test/support/model-cases.ts";
import { missing, oracleFolder, oraclePython } from "../test/interop/oracle-python.ts";

/*
 * Runs IRs with f16 weights in the real OpenVINO and records by how much their outputs differ from those of the source's framework:
 * ORACLE_VENV=... npx tsx --conditions=source scripts/record-fp16-errors.ts
 */

if (missing !== undefined) throw new Error(missing);
const folder = mkdtempSync(join(tmpdir(), "vintner-fp16-"));
const [xml, given, got] = ["model.xml", "in.npz", "out.npz"].map((name) => join(folder, name));
const cases: Record<string, Record<string, number>> = {};
for (const { name: caseName, path, inputs, outputs, arrays } of modelCases(fp16Models)) {
  await saveModel(await convertModel(path), xml, { compressToFp16: true });
  const expected = arrays();
  writeFileSync(given, writeNpz(inputs.map(({ name, key }) => [name, expected.get(key) as Tensor])));
  execFileSync(oraclePython as string, [join(oracleFolder, "run_ir.py"), xml, given, got], { stdio: ["ignore", "ignore", "inherit"] });
  const answers = readNpz(readFileSync(got));
  const errors = outputs.map(({ name, key }, i) => {
    const error = rangeError(answers.get(`output_${i}`) as Tensor, expected.get(key) as Tensor);
    return [name, Number(error.toPrecision(3))] as const;
  });
  cases[caseName] = Object.fromEntries(errors);
  process.stdout.write(`${caseName}: ${Math.max(...errors.map(([, error]) => error))}\n`);
}
rmSync(folder, { recursive: true });
const engine = execFileSync(oraclePython as string, ["-c", "import openvino; print('OpenVINO', openvino.__version__)"], {
  encoding: "utf8",
}).trim();
mkdirSync(new URL(".", fp16ErrorsFile), { recursive: true });
writeFileSync(fp16ErrorsFile, `${JSON.stringify({ engine, cases }, null, 2)}\n`);
