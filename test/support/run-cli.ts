import { spawn } from "node:child_process";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `vintner` from its sources, in a process of its own. `output` is an open file that takes what it prints. */
export function runCli(args: readonly string[], folder: string = root, output?: number): Promise<CliResult> {
  const tsx = resolve(root, "node_modules/tsx/dist/loader.mjs");
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ["--import", tsx, "--conditions=source", resolve(root, "src/cli/main.ts"), ...args], {
      cwd: folder,
      stdio: ["ignore", output ?? "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", fail);
    child.on("close", (code) => done({ code, stdout, stderr }));
  });
}
