import { VintnerError } from "../common/errors.ts";
import type { Kernel } from "./kernel.ts";
import type { KernelTarget } from "./target.ts";
import { verifyKernel } from "./verify-kernel.ts";

/** What is known of a kernel: proven, or why it is not. */
const known = new WeakMap<Kernel, VintnerError | "proven">();

/** Kernels verified so far in this process, and the time it took. */
export interface ProofEffort {
  readonly kernels: number;
  readonly milliseconds: number;
}
let effort: ProofEffort = { kernels: 0, milliseconds: 0 };
export const proofEffort = (): ProofEffort => effort;

/**
 * Why a kernel may not run: the access or the index for which there is no proof. Undefined where all is proven. Each
 * kernel is verified once. Throws INTERNAL where it is malformed, which is a defect of who wrote it.
 */
export function unprovenReason(kernel: Kernel, target: KernelTarget): VintnerError | undefined {
  let result = known.get(kernel);
  if (result === undefined) {
    const start = performance.now();
    result = prove(kernel, target);
    known.set(kernel, result);
    effort = { kernels: effort.kernels + 1, milliseconds: effort.milliseconds + performance.now() - start };
  }
  return result === "proven" ? undefined : result;
}

/** Lets no kernel through that is not proven. Engines ask for each before its code is mapped. Throws UNSUPPORTED. */
export function requireProof(kernel: Kernel, target: KernelTarget): void {
  const reason = unprovenReason(kernel, target);
  if (reason) throw reason;
}

function prove(kernel: Kernel, target: KernelTarget): VintnerError | "proven" {
  try {
    verifyKernel(kernel, target);
    return "proven";
  } catch (error) {
    if (error instanceof VintnerError && error.code === "UNSUPPORTED") return error;
    throw error;
  }
}
