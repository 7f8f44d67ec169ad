import type { NativeSystem } from "../native-system.ts";

/** Browsers give no native memory. */
export function nativeSystem(): NativeSystem | undefined {
  return undefined;
}
