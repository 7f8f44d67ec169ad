import { describe, expect, test } from "vitest";
import { anyNumber, numberFrom, parseConfig, parsePair, trueOrFalse } from "./common-options.ts";
import { formatTable } from "./format-table.ts";
import { latencies } from "./measure.ts";
import { normalizeArguments } from "./normalize-arguments.ts";
import { Progress } from "./progress.ts";

describe("arguments", () => {
  test("long options are spelled with dashes, values and what follows -- are left alone", () => {
    expect(normalizeArguments(["--input_shape=a_b", "my_model", "--mean_values", "x_y", "-d", "--", "--a_b"])).toEqual([
      "--input-shape=a_b",
      "my_model",
      "--mean-values",
      "x_y",
      "-d",
      "--",
      "--a_b",
    ]);
  });

  test("values are read or refused", () => {
    expect(parsePair("a=b=c", "--input")).toEqual(["a", "b=c"]);
    expect(() => parsePair("=b", "--input")).toThrow("NAME=VALUE");
    expect(parseConfig(["A=1", "B=x"])).toEqual({ A: "1", B: "x" });
    expect([trueOrFalse("True"), trueOrFalse("0")]).toEqual([true, false]);
    expect(() => trueOrFalse("perhaps")).toThrow("true or false");
    expect(numberFrom(1, true)("3")).toBe(3);
    for (const text of ["0", "1.5", "", "x"]) expect(() => numberFrom(1, true)(text)).toThrow("whole number from 1");
    expect(anyNumber("-2.5")).toBe(-2.5);
    expect(() => anyNumber("five")).toThrow("Give a number");
  });
});

test("tables are aligned", () => {
  expect(formatTable([["name", "ms"], ["a", "1.5"], ["long name", "10.25"]], [1])).toBe("name          ms\na            1.5\nlong name  10.25"); // prettier-ignore
});

test("latencies of even and odd numbers of inferences", () => {
  expect(latencies([3, 1, 2])).toEqual({ median: 2, average: 2, min: 1, max: 3 });
  expect(latencies([4, 1, 2, 5]).median).toBe(3);
});

describe("progress", () => {
  const terminal = (isTTY: boolean): { isTTY: boolean; text: string; write: (part: string) => void } => ({
    isTTY,
    text: "",
    write(part) {
      this.text += part;
    },
  });

  test("on a terminal one line is rewritten and vanishes, notes stay", async () => {
    const screen = terminal(true);
    const result = await new Progress(screen).stage("Reading", (progress) => {
      progress.update("1 of 2");
      progress.note("resized");
      return 7;
    });
    expect(result).toBe(7);
    expect(screen.text).toBe("\r\u001B[KReading ...\r\u001B[K1 of 2\r\u001B[Kresized\n\r\u001B[K1 of 2\r\u001B[K");
  });

  test("elsewhere what is quick says nothing, and errors pass", async () => {
    const file = terminal(false);
    await expect(new Progress(file).stage("Reading", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    new Progress(file).update("1 of 2");
    expect(file.text).toBe("");
  });
});
