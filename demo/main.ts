import { mkdir, writeFile } from "node:fs/promises";
import { basename, extname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readFile } from "#platform/files";
import { VintnerError } from "vintner";
import { Progress } from "../src/cli/progress.ts";
import { decodeImage } from "../src/formats/image/decode-image.ts";
import { encodePng } from "../src/formats/image/png.ts";
import { drawLines } from "./drawing/draw-lines.ts";
import { loadTextReader } from "./networks.ts";
import { readText } from "./ocr/read-text.ts";

const usage = `Reads the text in a picture.

  npm run demo [-- PICTURE.png|PICTURE.jpg] [--device CPU] [--output FOLDER]

Prints each line with its confidence and the time of each stage, and writes FOLDER/PICTURE-text.png (FOLDER: demo-out) with the
boxes and the text. Without a picture it reads demo/receipt.png.
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      device: { type: "string", default: "CPU" },
      output: { type: "string", default: join(import.meta.dirname, "../demo-out") },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  const [given] = positionals;
  // npm runs scripts in the package's folder and tells where the user was.
  const picture = given === undefined ? join(import.meta.dirname, "receipt.png") : resolve(process.env["INIT_CWD"] ?? ".", given);

  const progress = new Progress();
  const times = new Map<string, number>();
  const addTime = (stage: string, milliseconds: number): void => void times.set(stage, (times.get(stage) ?? 0) + milliseconds);
  const timed = async <T>(stage: string, doing: string, run: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await progress.stage(doing, run);
    addTime(stage, performance.now() - start);
    return result;
  };

  const image = await timed("picture", "Reading the picture", async () => decodeImage(await readFile(picture), picture));
  const reader = await loadTextReader({
    device: values.device,
    folder: values.output,
    stage: (doing, run) => timed(doing.startsWith("Converting") ? "conversion" : "compilation", doing, run),
  });
  const lines = await progress.stage(`Reading the text of ${basename(picture)}`, () =>
    readText(reader, image, {
      onStep(stage, done, total, milliseconds) {
        addTime(stage, milliseconds);
        progress.update(`${stage}: ${done} of ${total}`);
      },
    }),
  );
  const target = join(values.output, `${basename(picture, extname(picture))}-text.png`);
  await timed("drawing", "Drawing", async () => {
    await mkdir(values.output, { recursive: true });
    await writeFile(target, encodePng(drawLines(image, lines)));
  });

  for (const { text, confidence } of lines) process.stdout.write(`${confidence.toFixed(3)}  ${text}\n`);
  if (lines.length === 0) process.stdout.write("No text was found.\n");
  process.stdout.write(`\n${[...times].map(([stage, milliseconds]) => `${stage} ${milliseconds.toFixed(0)} ms`).join(", ")}\n`);
  process.stdout.write(`${relative(process.cwd(), target)} shows the boxes and the text.\n`);
}

try {
  await main();
} catch (error) {
  const known = error instanceof VintnerError || (error as NodeJS.ErrnoException).code !== undefined;
  process.stderr.write(known ? `error: ${(error as Error).message}\n` : `${(error as Error).stack}\n`);
  process.exitCode = 1;
}
