import { describe } from "vitest";
import { testOperationCases } from "../../../test/support/operation-cases.ts";

describe("shape operations agree with OpenVINO", () => testOperationCases(new URL("shape.cases.json", import.meta.url)));
