import { Command, CommanderError } from "commander";
import { VintnerError } from "../common/errors.ts";
import { printJson } from "./common-options.ts";
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
  const [first, second] = args.filter((arg) => !arg.startsWith("-"));
  const name = first === "help" ? second : first;
  const program = new Command("vintner")
    .description("Converts trained networks to OpenVINO IR, inspects and runs them.")
    .version(version, "-V, --version")
    .addHelpText("after", "\nvintner COMMAND --help explains a command, with examples.");
  for (const [command, { summary, load }] of Object.entries(commands))
    program.addCommand(
      command === name
        ? configure(await load(), `vintner ${command} --help explains the command`)
        : new Command(command).summary(summary).description(summary),
    );
  configure(program, "vintner --help lists the commands");
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error, args);
  }
}

function configure(command: Command, hint: string): Command {
  return command.exitOverride().configureHelp({ helpWidth: 120 }).showHelpAfterError(`(${hint})`);
}

/** The options of the interface by their names on the command line: `option "meanValues"` as `option --mean-values`. */
const withFlags = (message: string): string =>
  message.replace(/option "([a-z]\w*)"/g, (_, name: string) => `option --${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`);

function report(error: unknown, args: readonly string[]): ExitCode {
  const json = args.includes("--json");
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // Commander has written its message to stderr.
    if (json) printJson({ error: { code: "INVALID_ARGUMENT", message: error.message.replace(/^error: /, "") } });
    return 2;
  }
  const known = error instanceof VintnerError;
  const message = error instanceof Error ? error.message : String(error);
  const code = known ? error.code : "INTERNAL";
  process.stderr.write(
    `error: ${known ? withFlags(message) : `${message} (a defect in vintner: please report it, with the output of --verbose)`}\n`,
  );
  if (args.includes("--verbose") && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
  if (json) printJson({ error: { code, message, ...(known ? { details: error.details } : {}) } });
  return code === "INVALID_ARGUMENT" ? 2 : 1;
}
