/**
 * A path of a file beside a model, with single slashes; undefined for what could lead out of the model's folder:
 * absolute paths, drives, `..`.
 */
export function locationInFolder(location: string): string | undefined {
  const parts = location.split(/[/\\]/).filter((p) => p !== "" && p !== ".");
  const leaves = /^([/\\]|[A-Za-z]:)/.test(location) || parts.includes("..") || location.includes("\0");
  return leaves || parts.length === 0 ? undefined : parts.join("/");
}
