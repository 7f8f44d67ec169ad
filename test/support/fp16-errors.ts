import { readFileSync } from "node:fs";
import { onnxModels } from "./model-cases.ts";

/** Of each model and inputs, by output: how far f16 weights move the real OpenVINO's answers, see `rangeError`. */
interface RecordedErrors {
  /** What computed them. */
  readonly engine: string;
  readonly cases: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The models whose errors are recorded. */
export const fp16Models = [...onnxModels, "ir-openvino/mo_ultraface_caffe.xml"];

export const fp16ErrorsFile = new URL("../fixtures/fp16-errors.json", import.meta.url);

const recorded = (): RecordedErrors => JSON.parse(readFileSync(fp16ErrorsFile, "utf8")) as RecordedErrors;

/** What engines may differ by that compute the same file in another order. */
const margin = 1e-4;

/**
 * The largest error that an output of a model with f16 weights may show against the source's framework: the real OpenVINO's on the
 * same file, as `scripts/record-fp16-errors.ts` recorded it, and a margin.
 */
export function fp16Tolerance(caseName: string, output: string): number {
  const error = recorded().cases[caseName]?.[output];
  if (error === undefined) throw new Error(`no error is recorded for "${output}" of ${caseName}: run scripts/record-fp16-errors.ts`);
  return error + margin;
}
