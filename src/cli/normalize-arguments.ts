/** Spells long options with dashes: OpenVINO's tools write `--input_shape`, vintner accepts both. Values stay as they are. */
export function normalizeArguments(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.map((arg, i) => {
    if (!arg.startsWith("--") || (end >= 0 && i >= end)) return arg;
    const [name] = arg.split("=", 1);
    return name.replaceAll("_", "-") + arg.slice(name.length);
  });
}
