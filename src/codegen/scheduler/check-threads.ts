import { VintnerError } from "../../common/errors.ts";
import { mostThreads } from "../../kernel/engine.ts";

/** Throws INVALID_ARGUMENT for a number of threads that no engine has. */
export function checkThreads(threads: number): void {
  if (Number.isInteger(threads) && threads >= 1 && threads <= mostThreads) return;
  throw new VintnerError("INVALID_ARGUMENT", {
    what: "the number of threads",
    expected: `a whole number from 1 to ${mostThreads}`,
    got: `${threads}`,
  });
}
