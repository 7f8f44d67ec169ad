import process from "node:process";
import { isMainThread } from "node:worker_threads";

/** Runs something when this thread ends by itself, in a process that goes on without it. */
export function onThreadExit(run: () => void): void {
  if (!isMainThread) process.once("exit", run);
}
