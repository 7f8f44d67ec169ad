import { describe } from "vitest";
import { testOperationCases } from "../../../test/support/operation-cases.ts";

describe("movement operations agree with OpenVINO", () => testOperationCases(new URL("movement.cases.json", import.meta.url)));
