import { setFlagsFromString } from "node:v8";

/** Sets a flag of V8; runtimes that only imitate Node.js may have none, and then run with their defaults. */
export function setFlag(flag: string): void {
  try {
    setFlagsFromString(flag);
  } catch {
    // Flags make code faster or valid, which is probed afterwards; nothing depends on them.
  }
}

/**
 * Runs work with features of V8 off that are on by default. Flags are global: they are restored for the rest of the
 * program when the work ends, and those that the process was started with stay untouched.
 */
export function withoutFeatures<T>(features: readonly string[], work: () => T): T {
  const given = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  const flags = features.filter((flag) => !given.includes(flag));
  try {
    for (const flag of flags) setFlag(`--no-${flag}`);
    return work();
  } finally {
    for (const flag of flags) setFlag(`--${flag}`);
  }
}
