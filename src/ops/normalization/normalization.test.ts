import { describe } from "vitest";
import { testOperationCases } from "../../../test/support/operation-cases.ts";

describe("normalization operations agree with OpenVINO", () => testOperationCases(new URL("normalization.cases.json", import.meta.url)));
