import { describe } from "vitest";
import { testOperationCases } from "../../../test/support/operation-cases.ts";

describe("nn operations agree with OpenVINO", () => testOperationCases(new URL("nn.cases.json", import.meta.url)));
