import { VintnerError } from "./errors.ts";

/** The VintnerError that an action throws; any other is thrown on. */
export function thrownBy(action: () => unknown): VintnerError {
  try {
    action();
  } catch (error) {
    if (error instanceof VintnerError) return error;
    throw error;
  }
  throw new Error("no error was thrown");
}
