import { describe } from "vitest";
import { testOperationCases } from "../../../test/support/operation-cases.ts";

describe("reduction operations agree with OpenVINO", () => testOperationCases(new URL("reduction.cases.json", import.meta.url)));
