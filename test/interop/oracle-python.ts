import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { modelsPresent } from "../support/model-cases.ts";

const root = resolve(import.meta.dirname, "../..");
const candidates = [
  process.env["ORACLE_PYTHON_PATH"],
  process.env["ORACLE_VENV"] && join(process.env["ORACLE_VENV"], "bin/python"),
  join(root, ".oracle/bin/python"),
];

/** The Python that has the real OpenVINO, as ../shared/oracle/setup.sh makes it. */
export const oraclePython = candidates.find((p): p is string => p !== undefined && p !== "" && existsSync(p));
/** Scripts that run it. */
export const oracleFolder = resolve(root, "../shared/oracle");
/** Why nothing can be compared, if so. */
export const missing =
  oraclePython === undefined
    ? "the real OpenVINO is not installed, see shared/oracle/setup.sh"
    : modelsPresent
      ? undefined
      : "no shared models";
