import { convertModel, Core, Tensor } from "vintner";

interface Detection {
  readonly target: string;
  readonly threads: number;
  readonly outputs: Record<string, { shape: readonly number[]; data: number[] }>;
  readonly milliseconds: number;
}

/** Fetches a network, converts and compiles it here, runs it once on the given numbers, and returns all outputs. */
async function detect(
  modelUrl: string,
  inputUrl: string,
  shape: readonly number[],
  config: Record<string, string | number>,
): Promise<Detection> {
  const bytes = async (url: string): Promise<Uint8Array> => new Uint8Array(await (await fetch(url)).arrayBuffer());
  const model = await convertModel(await bytes(modelUrl));
  const core = new Core();
  const compiled = await core.compileModel(model, "CPU", config);
  const request = compiled.createInferRequest();
  const input = new Tensor("f32", shape, new Float32Array((await bytes(inputUrl)).buffer));
  const begin = performance.now();
  const results = await request.inferAsync([input]);
  const milliseconds = performance.now() - begin;
  const outputs = Object.fromEntries(
    Object.entries(results).map(([name, t]) => [name, { shape: t.shape, data: Array.from(t.data as Float32Array) }]),
  );
  return {
    target: String(compiled.getProperty("CPU_TARGET")),
    threads: Number(compiled.getProperty("INFERENCE_NUM_THREADS")),
    outputs,
    milliseconds,
  };
}

/** What an error says to a page's user: code and message. */
async function failure(bytes: number[]): Promise<string> {
  try {
    await convertModel(new Uint8Array(bytes));
    return "no error";
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`;
  }
}

Object.assign(globalThis, { vintnerPage: { detect, failure, isolated: globalThis.crossOriginIsolated } });
