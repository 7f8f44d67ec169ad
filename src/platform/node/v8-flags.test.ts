import { afterEach, expect, test, vi } from "vitest";
import { withoutFeatures } from "./v8-flags.ts";

const set = vi.hoisted(() => vi.fn<(flag: string) => void>());
vi.mock("node:v8", () => ({ setFlagsFromString: set }));
const { execArgv } = process;
afterEach(() => {
  process.execArgv = execArgv;
  set.mockReset();
});

test("turns features off for the work, and on again whatever becomes of it", () => {
  expect(withoutFeatures(["liftoff", "opt"], () => set.mock.calls.length)).toBe(2);
  expect(set.mock.calls.flat()).toEqual(["--no-liftoff", "--no-opt", "--liftoff", "--opt"]);
  set.mockReset();
  const failing = (): never => {
    throw new Error("in between");
  };
  expect(() => withoutFeatures(["opt"], failing)).toThrow("in between");
  expect(set.mock.calls.flat()).toEqual(["--no-opt", "--opt"]);
});

test("leaves alone what the process was started with", () => {
  process.execArgv = ["--no-opt"];
  expect(withoutFeatures(["opt", "liftoff"], () => "done")).toBe("done");
  expect(set.mock.calls.flat()).toEqual(["--no-liftoff", "--liftoff"]);
});

test("does without flags where there are none", () => {
  set.mockImplementation(() => {
    throw new Error("no such thing");
  });
  expect(withoutFeatures(["opt"], () => 1)).toBe(1);
});
