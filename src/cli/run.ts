import { Command, CommanderError } from "commander";
import { VintnerError } from "../common/errors.ts";
import { normalizeArguments } from "./normalize-arguments.ts";

/** 0: done; 1: it failed; 2: the command was used wrongly. */
export type ExitCode = 0 | 1 | 2;

/** A command of `vintner`, loaded when it is called. */
export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/**
 * Runs one command. Errors go to stderr in one line, with the stack where `--verbose` is given; with `--json` they are also
 * written to stdout as `{"error": {"code", "message", "details"}}`.
 */
export async function runCommandLine(
  version: string,
  commands: Readonly<Record<string, CommandEntry>>,
  argv: readonly string[],
): Promise<ExitCode> {
  const args = normalizeArguments(argv);
  const name = args.find((arg) => !arg.startsWith("-"));
  const program = new Command("vintner")
    .description("Converts trained networks to OpenVINO IR, inspects and runs them.")
    .version(version, "-V, --version")
    .showHelpAfterError("(vintner --help lists the commands)")
    .addHelpText("after", "\nvintner COMMAND --help explains a command, with examples.");
  for (const [command, { summary, load }] of Object.entries(commands))
    program.addCommand(command === name ? configure(await load()) : new Command(command).summary(summary).description(summary));
  configure(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error, args);
  }
}

function configure(command: Command): Command {
  return command.exitOverride().configureHelp({ helpWidth: 120 });
}

function report(error: unknown, args: readonly string[]): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const known = error instanceof VintnerError;
  const message = error instanceof Error ? error.message : String(error);
  const code = known ? error.code : "INTERNAL";
  process.stderr.write(`error: ${known ? message : `${message} (a defect in vintner: please report it, with the output of --verbose)`}\n`);
  if (args.includes("--verbose") && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
  if (args.includes("--json"))
    process.stdout.write(`${JSON.stringify({ error: { code, message, ...(known ? { details: error.details } : {}) } })}\n`);
  return code === "INVALID_ARGUMENT" ? 2 : 1;
}
