import type { PlatformWorker, WorkerHandlers } from "../platform-worker.ts";

/** Whether the calling thread may sleep in an atomic wait: a page's main thread may not. */
export const threadMayWait = !("document" in globalThis);

const prelude = `
const receive = (handler) => addEventListener("message", ({ data }) => handler(data));
const send = (message) => postMessage(message);
`;

/**
 * Starts a worker that runs a script; it finds `receive(handler)` and `send(message)` defined. The script is a Blob, so that
 * bundlers have no file to find. Undefined where threads cannot be had: no shared memory (the page is not cross-origin
 * isolated), or a content security policy without `worker-src blob:`.
 */
export function startWorker(source: string, { onMessage, onError }: WorkerHandlers): PlatformWorker | undefined {
  if (typeof Worker === "undefined" || typeof SharedArrayBuffer === "undefined") return undefined;
  const url = URL.createObjectURL(new Blob([prelude + source], { type: "text/javascript" }));
  try {
    const worker = new Worker(url, { name: "vintner" });
    worker.addEventListener("message", ({ data }) => {
      URL.revokeObjectURL(url);
      onMessage(data);
    });
    worker.addEventListener("error", onError);
    return {
      post: (message) => worker.postMessage(message, []),
      hold: () => {},
      release: () => {},
      terminate: () => worker.terminate(),
    };
  } catch {
    URL.revokeObjectURL(url);
    return undefined;
  }
}
