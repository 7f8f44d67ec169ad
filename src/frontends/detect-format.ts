import { VintnerError } from "../common/errors.ts";
import { type ContentDescription, describeContent } from "./detection/describe-content.ts";
import type { Detection, Frontend, ModelFormat } from "./frontend.ts";
import type { ModelFiles } from "./model-files.ts";
import { formatsWithoutReader, frontends } from "./registry.ts";

/** The frontend that reads a model, and its files: in a folder, those of the model that was found there. */
export interface DetectedModel {
  readonly frontend: Frontend;
  readonly files: ModelFiles;
}

/** A format that fits some files. */
interface Match {
  readonly format: ModelFormat;
  readonly detection: Detection;
  readonly files: ModelFiles;
}

/** Files of a folder that are looked into. */
const mostCandidates = 200;

const titles = (formats: readonly ModelFormat[]): string => formats.map((f) => `${f.title} (${f.extensions.join(", ")})`).join(", ");

/**
 * Finds out of which format a model is: by its content, and by its name only where that shows nothing, so that a damaged file is
 * reported as what it claims to be. In a folder it looks for the one file that a model can begin with. Throws FORMAT for unknown
 * content, UNSUPPORTED for formats without a reader, INVALID_ARGUMENT for unknown frameworks and folders with several models.
 */
export function detectFormat(files: ModelFiles, framework?: string): DetectedModel {
  const asked = framework === undefined ? undefined : named(framework);
  const formats: readonly ModelFormat[] = asked ? [asked] : [...frontends, ...formatsWithoutReader];
  const { main } = files;
  if (main?.size === 0)
    throw new VintnerError("FORMAT", { what: "the file is empty", where: main.name, hint: "Check that it was copied whole" });
  const match = bestMatch(files, formats) ?? (main ? byName(files, formats) : matchInFolder(files, formats));
  if (match) return readable(match);
  if (asked && main) return { frontend: asked, files };
  throw unknownContent(files);
}

function named(framework: string): Frontend {
  const lower = framework.toLowerCase();
  const found = frontends.find((f) => f.name === lower);
  if (found) return found;
  const known = formatsWithoutReader.find((f) => f.name === lower);
  throw known
    ? noReader(known, framework, undefined)
    : new VintnerError("INVALID_ARGUMENT", {
        what: "unknown framework",
        expected: `one of ${frontends.map((f) => f.name).join(", ")}`,
        got: framework,
      });
}

/** The first format that is certain, else the first that is likely, one of this name's ending before others. */
function bestMatch(files: ModelFiles, formats: readonly ModelFormat[]): Match | undefined {
  const matches = formats.flatMap((format): Match[] => {
    const detection = format.detect(files);
    return detection ? [{ format, detection, files }] : [];
  });
  return (
    matches.find((m) => m.detection.confidence === "certain") ?? matches.find((m) => hasEnding(m.format, files.main?.name)) ?? matches[0]
  );
}

const hasEnding = (format: ModelFormat, name = ""): boolean => format.extensions.some((e) => name.toLowerCase().endsWith(e));

function byName(files: ModelFiles, formats: readonly ModelFormat[]): Match | undefined {
  const format = formats.find((f) => "read" in f && hasEnding(f, files.main?.name));
  return format && { format, detection: { confidence: "likely", what: `a file named as ${format.title}` }, files };
}

/** The one file in a folder that a model begins with. Throws INVALID_ARGUMENT where there are several. */
function matchInFolder(files: ModelFiles, formats: readonly ModelFormat[]): Match | undefined {
  const found: Match[] = [];
  for (const name of files
    .names()
    .filter((n) => !n.includes("/"))
    .slice(0, mostCandidates)) {
    const one = candidate(files, name);
    const match = one && one.main?.size !== 0 ? bestMatch(one, formats) : undefined;
    if (match) found.push(match);
    else one?.close();
  }
  const certain = found.filter((m) => m.detection.confidence === "certain");
  const best = certain.length > 0 ? certain : found;
  // A format that is read comes before one that is not, and the graph of a pair before its weights.
  const readable = best.filter((m) => "read" in m.format);
  const first = (readable.length > 0 ? readable : best).filter((m) => !m.detection.second);
  const choice = first.length > 0 ? first : best.slice(0, 1);
  for (const { files: other } of found) if (other !== choice[0]?.files) other.close();
  if (choice.length <= 1) return choice[0];
  choice[0].files.close();
  throw new VintnerError("INVALID_ARGUMENT", {
    what: "the folder has several models",
    where: files.name,
    got: choice.map((m) => `${m.files.main?.name} (${m.detection.what})`).join(", "),
    hint: "Name one of the files",
  });
}

/** A file of a folder as a model's main one; nothing where it cannot be opened: others may be. */
function candidate(files: ModelFiles, name: string): ModelFiles | undefined {
  try {
    return files.withMain(name);
  } catch (error) {
    if (error instanceof VintnerError) return undefined;
    throw error;
  }
}

function readable({ format, detection, files }: Match): DetectedModel {
  if ("read" in format) return { frontend: format as Frontend, files };
  files.close();
  throw noReader(format, files.main?.name ?? files.name, detection);
}

const noReader = (format: ModelFormat, where: string, detection: Detection | undefined): VintnerError =>
  new VintnerError("UNSUPPORTED", {
    what: `models of ${format.title} cannot be read yet`,
    where,
    expected: `one of ${titles(frontends)}`,
    got: detection?.what ?? format.title,
    hint: "Convert it to one of these with the framework's own tools",
  });

function unknownContent(files: ModelFiles): VintnerError {
  const { what: got, hint }: ContentDescription = files.main
    ? describeContent(files.main)
    : { what: listed(files.names()), hint: "Name the model's file" };
  return new VintnerError("FORMAT", {
    what: files.main ? "this is no model of a known format" : "there is no model of a known format in this folder",
    where: files.name,
    expected: `one of ${titles(frontends)}; without a reader yet: ${formatsWithoutReader.map((f) => f.title).join(", ")}`,
    got,
    hint: hint ?? "Check that it is the right file; --framework says what it is, where its content does not",
  });
}

const listed = (names: readonly string[]): string =>
  names.length === 0 ? "an empty folder" : `${names.slice(0, 10).join(", ")}${names.length > 10 ? ` and ${names.length - 10} more` : ""}`;
