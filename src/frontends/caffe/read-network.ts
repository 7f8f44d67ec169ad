import { VintnerError } from "../../common/errors.ts";
import { parseTextProto } from "../../formats/text-proto/parse-text-proto.ts";
import { TextFields } from "./text-fields.ts";
import { upgradedLayers } from "./upgrade-layers.ts";

/** A layer as the network lists it, in the newest form of the format. */
export interface LayerText {
  readonly name: string;
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  readonly fields: TextFields;
}

/** An input that the network itself declares. */
export interface NetworkInput {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface CaffeNetwork {
  readonly name: string;
  readonly inputs: readonly NetworkInput[];
  /** Those of the test phase, in their order. */
  readonly layers: readonly LayerText[];
}

/** Whether a rule (NetStateRule) holds in the test phase at level 0 without stages. */
function meets(rule: TextFields): boolean {
  const phase = rule.string("phase");
  if (phase !== undefined && phase !== "TEST" && phase !== "1") return false;
  if (rule.int("min_level", 0) > 0 || rule.int("max_level", 0) < 0) return false;
  return rule.strings("stage").length === 0;
}

/** Caffe's rule for layers: any `include` that holds, or no `exclude` that does. */
function isInTestPhase(fields: TextFields): boolean {
  const includes = fields.messages("include");
  if (includes.length > 0) return includes.some(meets);
  if (fields.messages("exclude").some(meets)) return false;
  const phase = fields.string("phase");
  return phase === undefined || phase === "TEST" || phase === "1";
}

/** Inputs under the network's own fields: `input` with `input_shape`, or with four `input_dim` each. */
function declaredInputs(net: TextFields, file: string): NetworkInput[] {
  const shapes = net.messages("input_shape").map((s) => s.ints("dim"));
  const dims = net.ints("input_dim");
  return net.strings("input").map((name, i) => {
    const shape = shapes[i] ?? dims.slice(i * 4, i * 4 + 4);
    if (shape.length === 0 || shape.some((d) => d < 0) || (shapes.length === 0 && shape.length !== 4))
      throw new VintnerError("INVALID_MODEL", {
        what: `the input "${name}" has no shape`,
        where: file,
        expected: "input_shape, or four input_dim, for each input",
        got: `[${shape.join(",")}]`,
      });
    return { name, shape };
  });
}

/** Reads a network's text (prototxt), of any version of the format. Throws FORMAT with the line, INVALID_MODEL. */
export function readNetwork(text: string, file: string): CaffeNetwork {
  const net = new TextFields(parseTextProto(text, file), file);
  const layers = upgradedLayers(net, file).filter(({ fields }) => isInTestPhase(fields));
  const inputs = declaredInputs(net, file);
  if (layers.length === 0)
    throw new VintnerError("INVALID_MODEL", { what: "the network has no layers", where: file, expected: "layer { ... }" });
  return { name: net.string("name", file.replace(/\.[^.]*$/, "")), inputs, layers };
}
