import { Worker } from "node:worker_threads";
import type { PlatformWorker, WorkerHandlers } from "../platform-worker.ts";

/** Whether the calling thread may sleep in an atomic wait. */
export const threadMayWait = true;

const prelude = `
const { parentPort } = require("node:worker_threads");
const receive = (handler) => parentPort.on("message", handler);
const send = (message) => parentPort.postMessage(message);
`;

/**
 * Starts a worker that runs a script; it finds `receive(handler)` and `send(message)` defined. Undefined where threads cannot be had:
 * Node's permissions forbid them, or the system has no more.
 */
export function startWorker(source: string, { onMessage, onError }: WorkerHandlers): PlatformWorker | undefined {
  // Neither the process's loaders nor its environment concern the worker.
  let worker: Worker;
  try {
    worker = new Worker(prelude + source, { eval: true, execArgv: [], env: {}, name: "vintner" });
  } catch {
    return undefined;
  }
  worker.on("message", onMessage);
  worker.on("error", onError);
  // After the listeners: the first one for messages makes the worker hold the process.
  worker.unref();
  return {
    post: (message) => worker.postMessage(message, []),
    hold: () => worker.ref(),
    release: () => worker.unref(),
    terminate: () => void worker.terminate(),
  };
}
