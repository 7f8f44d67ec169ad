import { execSync } from "node:child_process";

/** What users install stays small. */
const mostBytes = 3_000_000;

const [{ unpackedSize, entryCount }] = JSON.parse(
  execSync("npm pack --dry-run --json --ignore-scripts", { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
) as [{ unpackedSize: number; entryCount: number }];
process.stdout.write(`npm pack: ${(unpackedSize / 1e6).toFixed(2)} MB unpacked in ${entryCount} files (at most ${mostBytes / 1e6} MB)\n`);
process.exit(unpackedSize > mostBytes ? 1 : 0);
