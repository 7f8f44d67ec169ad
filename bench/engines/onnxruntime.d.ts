/*
 * What the bench uses of ONNX Runtime's packages. They are installed apart (bench/package.json), so that the types of the project can be
 * checked without them.
 */

interface OnnxSession {
  run(feeds: Readonly<Record<string, unknown>>): Promise<unknown>;
}

declare module "onnxruntime-node" {
  export const InferenceSession: { create(path: string, options: Readonly<Record<string, unknown>>): Promise<OnnxSession> };
  export const Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => unknown;
}

declare module "onnxruntime-web" {
  export const env: { readonly wasm: { numThreads: number } };
  export const InferenceSession: { create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OnnxSession> };
  export const Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => unknown;
}
