import { KaldiStream, type KaldiValue } from "./kaldi-stream.ts";

export type { KaldiMatrix, KaldiValue } from "./kaldi-stream.ts";

/** A component: its type and the values of its fields, as they are written. */
export interface KaldiComponent {
  readonly type: string;
  readonly fields: ReadonlyMap<string, readonly KaldiValue[]>;
}

/** A line of a network's configuration: `component-node name=x component=y input=z`. */
export interface ConfigLine {
  readonly kind: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** nnet3: a graph of nodes that use named components. nnet1 and nnet2: components one behind the other. */
export type KaldiNetwork =
  | { readonly kind: "nnet3"; readonly lines: readonly ConfigLine[]; readonly components: ReadonlyMap<string, KaldiComponent> }
  | { readonly kind: "chain"; readonly components: readonly KaldiComponent[] };

/** Fields that are lists of 32-bit integers. */
const integerLists: ReadonlySet<string> = new Set([
  "<TimeOffsets>",
  "<ColumnMap>",
  "<Context>",
  "<Indexes>",
  "<RequiredTimeOffsets>",
  "<HeightOffsets>",
  "<Sizes>",
  "<ReverseIndexes>",
]);

/** Components of a network, and lines of one: more are no network. */
const mostParts = 100_000;

/** Reads a network, with or without its transition model. Throws FORMAT with the byte offset. */
export function readKaldi(bytes: Uint8Array, file: string): KaldiNetwork {
  const stream = new KaldiStream(bytes, file);
  if (stream.peek() === "<TransitionModel>") {
    stream.token();
    if (!stream.skipTo("</TransitionModel>")) stream.fail("the transition model does not end", "</TransitionModel>");
    stream.token();
  }
  const first = stream.token();
  if (first === "<Nnet3>") return readNnet3(stream);
  if (first !== "<Nnet>") stream.fail("this is no network", "<Nnet3> or <Nnet>", first);
  return { kind: "chain", components: stream.peek() === "<NumComponents>" ? readNnet2(stream) : readNnet1(stream) };
}

/** Configuration as text, up to an empty line, then the components (nnet3::Nnet::Read). */
function readNnet3(stream: KaldiStream): KaldiNetwork {
  const lines: ConfigLine[] = [];
  stream.line();
  for (let text = stream.line(); text !== ""; text = stream.line()) {
    lines.push(parseLine(text));
    if (lines.length > mostParts) stream.fail("the configuration does not end");
  }
  stream.expect("<NumComponents>");
  const count = countOf(stream);
  const components = new Map<string, KaldiComponent>();
  for (let i = 0; i < count; i++) {
    stream.expect("<ComponentName>");
    components.set(stream.token(), readComponent(stream));
  }
  stream.expect("</Nnet3>");
  return { kind: "nnet3", lines, components };
}

function countOf(stream: KaldiStream): number {
  const [value] = stream.values();
  const count = value?.kind === "number" ? value.int : -1;
  if (!(Number.isInteger(count) && count >= 0 && count <= mostParts)) stream.fail("the number of components is none", `0 to ${mostParts}`);
  return count;
}

/** Keys are words before "="; their values reach to the next key, for descriptors hold spaces. */
function parseLine(text: string): ConfigLine {
  const [kind = ""] = text.split(/\s+/, 1);
  const fields = new Map<string, string>();
  const keys = [...text.matchAll(/(?:^|\s)([A-Za-z][\w-]*)=/g)];
  for (const [i, key] of keys.entries())
    fields.set(key[1], text.slice(key.index + key[0].length, keys[i + 1]?.index ?? text.length).trim());
  return { kind, fields };
}

/** `<Type> fields </Type>`. */
function readComponent(stream: KaldiStream): KaldiComponent {
  const token = stream.token();
  const type = /^<([A-Za-z]\w*)>$/.exec(token)?.[1] ?? stream.fail("a component without a type", "<Type>", token);
  const fields = new Map<string, readonly KaldiValue[]>();
  for (let field = stream.token(); field !== `</${type}>`; field = stream.token()) {
    if (!field.startsWith("<")) stream.fail("a component without an end", `</${type}>`, field);
    fields.set(field, stream.values(integerLists.has(field)));
  }
  return { type, fields };
}

/** `<NumComponents> n <Components> ... </Components> </Nnet>`. */
function readNnet2(stream: KaldiStream): KaldiComponent[] {
  stream.expect("<NumComponents>");
  const count = countOf(stream);
  stream.expect("<Components>");
  const components = Array.from({ length: count }, () => readComponent(stream));
  stream.expect("</Components>");
  return components;
}

/** `<Type> outputs inputs fields <!EndOfComponent>` (nnet1); the sizes, and what stands before the first field, are the value of "". */
function readNnet1(stream: KaldiStream): KaldiComponent[] {
  const components: KaldiComponent[] = [];
  for (let token = stream.token(); token !== "</Nnet>"; token = stream.token()) {
    if (token === "<!EndOfComponent>") continue;
    const type = /^<([A-Za-z]\w*)>$/.exec(token)?.[1] ?? stream.fail("a component without a type", "<Type>", token);
    const own = withOffsets.has(type) ? [stream.value(), stream.value(), stream.value(true)] : stream.values();
    const fields = new Map<string, readonly KaldiValue[]>([["", own]]);
    // A component ends where it says so, or, in old files, where another one begins.
    while (isFieldOfNnet1(stream.peek())) {
      const field = stream.token();
      const values = stream.values(integerLists.has(field));
      const numbers = arraysOfNnet1.has(field) ? values : values.filter(({ kind }) => kind === "number");
      fields.set(field, numbers);
      // The weights follow the last number without a name of their own.
      if (numbers !== values) own.push(...values.filter(({ kind }) => kind !== "number"));
    }
    components.push({ type, fields });
    if (components.length > mostParts) stream.fail("the network does not end");
  }
  return components;
}

/** The fields of nnet1 that name an array; the others hold numbers. */
const arraysOfNnet1: ReadonlySet<string> = new Set(["<Filters>", "<Bias>"]);

/** Components of nnet1 whose sizes are followed by a list of integers. */
const withOffsets: ReadonlySet<string> = new Set(["Splice", "Copy"]);

const fieldsOfNnet1: ReadonlySet<string> = new Set([
  "<BiasLearnRateCoef>",
  "<LearnRateCoef>",
  "<MaxNorm>",
  "<PatchDim>",
  "<PatchStep>",
  "<PatchStride>",
  "<PoolSize>",
  "<PoolStep>",
  "<PoolStride>",
  "<Filters>",
  "<Bias>",
  "<CellDim>",
  "<ClipGradient>",
  "<ParamStddev>",
  "<DropoutRate>",
  "<DropoutRetention>",
]);
const isFieldOfNnet1 = (token: string): boolean => fieldsOfNnet1.has(token);
