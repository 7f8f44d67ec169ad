import { Command, InvalidArgumentError } from "commander";
import { VintnerError } from "../common/errors.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** What the arguments of all commands mean. */
export const modelArgument = "file of a model in any supported format, or the folder that it lies in";
export const weightsArgument = "file of the weights, where the format keeps them apart and they have another name";

/** A command with the options that all have, and examples below its help. */
export function newCommand(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .option("--json", "print one JSON object, for machines")
    .option("--verbose", "print the stack of an error")
    .addHelpText(
      "after",
      `\nExamples:\n${examples.map((e) => `  vintner ${e}`).join("\n")}\n\nLong options may also be written with underscores.`,
    );
}

/** Collects an option that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** Reads a number from `least` on. */
export function numberFrom(least: number, whole: boolean): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === "" || !Number.isFinite(number) || number < least || (whole && !Number.isInteger(number)))
      throw new InvalidArgumentError(`Give a ${whole ? "whole " : ""}number from ${least} on.`);
    return number;
  };
}

/** Reads any number. */
export function anyNumber(value: string): number {
  const number = Number(value);
  if (value.trim() !== "" && Number.isFinite(number)) return number;
  throw new InvalidArgumentError("Give a number.");
}

/** Reads `true` or `false`; OpenVINO's tools also take `1` and `0`. */
export function trueOrFalse(value: string): boolean {
  if (/^(true|1|yes|on)$/i.test(value)) return true;
  if (/^(false|0|no|off)$/i.test(value)) return false;
  throw new InvalidArgumentError("Give true or false.");
}

/** Reads `NAME=VALUE`. Throws INVALID_ARGUMENT. */
export function parsePair(pair: string, option: string): [name: string, value: string] {
  const at = pair.indexOf("=");
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new VintnerError("INVALID_ARGUMENT", { what: `unreadable value of option "${option}"`, expected: "NAME=VALUE", got: `"${pair}"` });
}

/** Reads `--config KEY=VALUE` pairs; the device checks the values. */
export const parseConfig = (pairs: readonly string[] = []): Record<string, string> =>
  Object.fromEntries(pairs.map((pair) => parsePair(pair, "--config")));

export const printJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
export const printLine = (text: string): void => void process.stdout.write(`${text}\n`);
