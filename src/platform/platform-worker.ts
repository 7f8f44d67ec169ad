/** A thread of JavaScript that keeps neither the process alive nor, when idle, the processor busy. */
export interface PlatformWorker {
  post(message: unknown): void;
  /** While held, the process waits for the worker's messages before it ends. */
  hold(): void;
  release(): void;
  terminate(): void;
}

export interface WorkerHandlers {
  onMessage(message: unknown): void;
  /** The worker failed, or could not start; no messages follow. */
  onError(): void;
}
