import { VintnerError } from "../common/errors.ts";
import { describe } from "./check-tensor.ts";
import { CompiledModel } from "./compiled-model.ts";
import type { InferInputs, InferRequest } from "./infer-request.ts";

/** Called after each inference, with an error or the request that holds the results; they are valid during the call. */
export type AsyncInferQueueCallback<UserData = unknown> = (error: Error | null, request: InferRequest, userData: UserData) => void;

/** Most requests of a queue: each has memory of its own, and more run at a time on no machine. */
const mostJobs = 4096;

/** A pool of requests: starts inferences as they come, as many at a time as there are requests. */
export class AsyncInferQueue<UserData = unknown> {
  readonly #requests: readonly InferRequest[];
  readonly #idle: InferRequest[];
  readonly #waiting: { readonly start: (request: InferRequest) => void; readonly cancel: (error: Error) => void }[] = [];
  #callback: AsyncInferQueueCallback<UserData> | undefined;
  #released = false;

  /** `jobs` is the number of requests; without it the device's OPTIMAL_NUMBER_OF_INFER_REQUESTS. */
  constructor(compiledModel: CompiledModel, jobs: number = optimalJobs(compiledModel)) {
    if (!Number.isInteger(jobs) || jobs < 1 || jobs > mostJobs)
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "a queue needs jobs",
        expected: `a whole number from 1 to ${mostJobs}`,
        got: String(jobs),
      });
    this.#requests = Array.from({ length: jobs }, () => compiledModel.createInferRequest());
    this.#idle = [...this.#requests];
  }

  /** Number of requests. */
  get jobs(): number {
    return this.#requests.length;
  }

  /** Whether `startAsync` would start at once. */
  isReady(): boolean {
    return this.#idle.length > 0 && !this.#released;
  }

  /** Sets what is called after each inference. */
  setCallback(callback: AsyncInferQueueCallback<UserData>): void {
    if (typeof callback !== "function")
      throw new VintnerError("INVALID_ARGUMENT", { what: "the callback is no function", got: typeof callback });
    this.#callback = callback;
  }

  /**
   * Starts an inference as soon as a request is idle. The promise resolves to the user data once the callback has returned. Errors of
   * the inference go to the callback; without a callback, and for errors of the callback itself, the promise rejects.
   */
  async startAsync(inputs: InferInputs, userData?: UserData): Promise<UserData> {
    const request = await this.#acquire();
    try {
      let failure: Error | null = null;
      try {
        await request.inferAsync(inputs);
      } catch (error) {
        if (!this.#callback) throw error;
        failure = error as Error;
      }
      this.#callback?.(failure, request, userData as UserData);
      return userData as UserData;
    } finally {
      this.#free(request);
    }
  }

  /** Ends the queue: inferences that have not started are rejected, memory is freed as the running ones end. */
  release(): void {
    this.#released = true;
    for (const { cancel } of this.#waiting.splice(0)) cancel(released());
    for (const request of this.#idle.splice(0)) request.dispose();
  }

  async #acquire(): Promise<InferRequest> {
    if (this.#released) throw released();
    return this.#idle.pop() ?? new Promise<InferRequest>((start, cancel) => this.#waiting.push({ start, cancel }));
  }

  #free(request: InferRequest): void {
    if (this.#released) return request.dispose();
    const next = this.#waiting.shift();
    if (next) next.start(request);
    else this.#idle.push(request);
  }
}

const released = (): VintnerError =>
  new VintnerError("INVALID_ARGUMENT", { what: "the queue was released", hint: "Make another AsyncInferQueue" });

function optimalJobs(compiledModel: CompiledModel): number {
  if (!(compiledModel instanceof CompiledModel))
    throw new VintnerError("INVALID_ARGUMENT", { what: "a queue needs a compiled model", got: describe(compiledModel) });
  const jobs = Number(compiledModel.getProperty("OPTIMAL_NUMBER_OF_INFER_REQUESTS"));
  return Number.isInteger(jobs) && jobs > 0 ? jobs : 1;
}
