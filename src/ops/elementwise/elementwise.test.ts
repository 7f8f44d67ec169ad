import { describe } from "vitest";
import { testOperationCases } from "../../../test/support/operation-cases.ts";

describe("element-wise operations agree with OpenVINO", () => testOperationCases(new URL("elementwise.cases.json", import.meta.url)));
