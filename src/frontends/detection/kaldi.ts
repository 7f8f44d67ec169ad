import type { ModelFormat } from "../frontend.ts";
import { hasBytes, head } from "./head.ts";

const binary = [0x00, 0x42];
const first =
  /^(Nnet3?|Nnet1|TransitionModel|Topology|Trans[A-Z]\w*|AffineTransform|LinearTransform|Splice|Rescale|AddShift|ParametricRelu)$/;

/** nnet1, nnet2 and nnet3, with or without the transition model before them: tokens in angle brackets, behind "\0B" in the binary form. */
export const kaldiFormat: ModelFormat = {
  name: "kaldi",
  title: "Kaldi",
  extensions: [".mdl", ".nnet", ".raw"],
  detect({ main }) {
    if (!main) return undefined;
    const isBinary = hasBytes(main, 0, binary);
    const text = new TextDecoder("latin1").decode(head(main, 256)).slice(isBinary ? 2 : 0);
    const token = /^\s*<([A-Za-z]\w*)>/.exec(text)?.[1];
    return token !== undefined && first.test(token)
      ? { confidence: "certain", what: `a Kaldi network${isBinary ? "" : " as text"}` }
      : undefined;
  },
};
