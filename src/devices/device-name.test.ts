import { expect, test } from "vitest";
import { VintnerError } from "../common/errors.ts";
import { formatDeviceName, parseDeviceName } from "./device-name.ts";
import { bindDevice, findDevice } from "./registry.ts";

test.each([
  ["CPU", { base: "CPU", parameters: [] }, "CPU"],
  ["cpu.0", { base: "CPU", index: 0, parameters: [] }, "CPU.0"],
  [
    "hetero: CPU ,REFERENCE.0",
    {
      base: "HETERO",
      parameters: [
        { base: "CPU", parameters: [] },
        { base: "REFERENCE", index: 0, parameters: [] },
      ],
    },
    "HETERO:CPU,REFERENCE.0",
  ],
])("parses %s", (text, expected, formatted) => {
  expect(parseDeviceName(text)).toEqual(expected);
  expect(formatDeviceName(parseDeviceName(text))).toBe(formatted);
});

test.each([
  "",
  " ",
  ".0",
  "CPU.",
  "CPU.x",
  "CPU.1.2",
  "HETERO:",
  "HETERO:CPU,",
  "A:B:C",
  "__proto__",
  "C\0PU",
  "CPU.99999999999",
  null,
  undefined,
  5,
  {},
])("refuses %j", (text) => {
  expect(() => parseDeviceName(text as string)).toThrow(VintnerError);
  expect(() => parseDeviceName(text as string)).toThrow("device");
});

test("finds devices by name and number", () => {
  expect(findDevice("cpu.0")).toBe(findDevice("CPU"));
  expect(bindDevice("reference.0", () => ({})).name).toBe("REFERENCE.0");
  for (const name of ["CPU.1", "NPU", "REFERENCE:CPU"]) expect(() => findDevice(name)).toThrow(VintnerError);
});
