#!/usr/bin/env node
import { version } from "../runtime/version.ts";
import { type CommandEntry, runCommandLine } from "./run.ts";

const commands: Readonly<Record<string, CommandEntry>> = {
  convert: {
    summary: "convert a model to OpenVINO IR",
    load: async () => (await import("./commands/convert.ts")).convertCommand(),
  },
  inspect: {
    summary: "print a model at one of its stages, down to machine code",
    load: async () => (await import("./commands/inspect.ts")).inspectCommand(),
  },
  infer: {
    summary: "run a model on arrays or pictures",
    load: async () => (await import("./commands/infer.ts")).inferCommand(),
  },
  query: {
    summary: "list which operations a device supports",
    load: async () => (await import("./commands/query.ts")).queryCommand(),
  },
  benchmark: {
    summary: "measure latency and throughput",
    load: async () => (await import("./commands/benchmark.ts")).benchmarkCommand(),
  },
};

// A reader that has seen enough, such as `head`, closes the pipe.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`error: what is printed cannot be written; got ${error.code ?? error.message}. Check the space where it goes.\n`);
  process.exit(1);
});
process.exitCode = await runCommandLine(version, commands, process.argv.slice(2));
