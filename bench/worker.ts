import { casesMatching } from "./cases.ts";
import type { BenchEngine, Prepared } from "./engines/engine.ts";

/** A process that holds one network on one engine and times it whenever it is told to. */
const engines: Readonly<Record<string, () => Promise<BenchEngine>>> = {
  vintner: async () => (await import("./engines/vintner.ts")).vintner,
  "vintner x64-avx2": async () => (await import("./engines/vintner.ts")).vintnerAvx2,
  "vintner wasm": async () => (await import("./engines/vintner.ts")).vintnerWasm,
  "onnxruntime-node": async () => (await import("./engines/onnxruntime-node.ts")).onnxruntimeNode,
  "onnxruntime-web": async () => (await import("./engines/onnxruntime-web.ts")).onnxruntimeWeb,
};

async function timed(prepared: Prepared, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 3) {
    const begin = performance.now();
    const pending = prepared.run();
    if (pending) await pending;
    times.push(performance.now() - begin);
  }
  return times;
}

const [engineName, caseName, threads] = process.argv.slice(2);
const [benchCase] = casesMatching(caseName);
const prepared = await (await engines[engineName]()).prepare(benchCase, Number(threads));
await timed(prepared, 0.5);
process.on("message", (message: { readonly seconds: number }) => {
  void timed(prepared, message.seconds).then((times) => process.send?.({ times }));
});
process.send?.({ ready: true });
