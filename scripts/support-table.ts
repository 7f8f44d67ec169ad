import { loweringOf } from "../src/devices/cpu/lowerings.ts";
import { defaultOf } from "../src/devices/property.ts";
import { devices } from "../src/devices/registry.ts";
import { formatsWithoutReader, frontends } from "../src/frontends/registry.ts";
import { supportedLayers } from "../src/frontends/caffe/layers.ts";
import { supportedComponents } from "../src/frontends/kaldi/convert-network.ts";
import { supportedOperators } from "../src/frontends/mxnet/operators.ts";
import { onnxOperators } from "../src/frontends/onnx/operators.ts";
import { isMachineScalar } from "../src/lowering/machine-scalar.ts";
import { targetNames } from "../src/devices/cpu/target-selection.ts";
import type { AttributeSchema, AttributeValue } from "../src/model/attribute.ts";
import type { OperationDefinition } from "../src/model/operation.ts";
import { input } from "../src/model/scalar-expression.ts";
import { allOperations } from "../src/ops/registry.ts";

/** A value that an attribute may have, to look at an operation's expression. */
function sampleOf(schema: AttributeSchema): AttributeValue | undefined {
  if (schema.default !== undefined) return schema.default ?? undefined;
  if (schema.oneOf) return schema.oneOf[0];
  return { int: 2, float: 0.5, boolean: false, string: "", ints: [], floats: [], strings: [], elementType: "f32", shape: [] }[
    schema.kind
  ] as AttributeValue;
}

/** Whether an element-wise operation over floats has kernels: its expression can be emitted. */
function hasScalarKernel(op: OperationDefinition): boolean {
  if (op.scalar === undefined) return false;
  const count = typeof op.inputs === "number" ? op.inputs : op.inputs[0];
  const attributes = Object.fromEntries(Object.entries(op.attributes).map(([name, schema]) => [name, sampleOf(schema) as AttributeValue]));
  const expression = op.scalar(
    Array.from({ length: count }, (_, i) => input(i)),
    attributes,
  );
  const types = [["f32"], ["boolean"], ["boolean", "f32", "f32"]] as const;
  return types.some((of) =>
    isMachineScalar(
      expression,
      Array.from({ length: count }, (_, i) => of[Math.min(i, of.length - 1)]),
    ),
  );
}

function cpuColumn(op: OperationDefinition): string {
  if (op.role !== undefined) return "border";
  if (hasScalarKernel(op)) return "kernel, fuses";
  return loweringOf(op.type) ? "kernel" : "host";
}

const referenceColumn = (op: OperationDefinition): string =>
  op.role !== undefined ? "border" : op.evaluate ? "yes" : op.decompose ? "by parts" : "no";

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

/** The text of docs/support.md, made of what the code has. */
export function supportTable(): string {
  const byType = new Map<string, OperationDefinition[]>();
  for (const op of allOperations()) byType.set(op.type, [...(byType.get(op.type) ?? []), op]);
  const number = (op: OperationDefinition): number => Number(op.since.slice("opset".length));
  const operations = [...byType]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, versions]) => {
      const sorted = versions.toSorted((a, b) => number(a) - number(b));
      const newest = sorted[sorted.length - 1] as OperationDefinition;
      return [type, sorted.map((o) => String(number(o))).join(", "), referenceColumn(newest), cpuColumn(newest)];
    });
  const onnx = onnxOperators
    .map((o) => [
      o.domain === "" ? o.type : `${o.domain}.${o.type}`,
      o.versions
        .map(([since]) => since)
        .toSorted((a, b) => a - b)
        .map((since) => (since === 1 ? "all" : `${since}`))
        .join(", "),
    ])
    .toSorted(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
  const properties = devices.flatMap((device) =>
    Object.entries(device.properties).map(([name, property]) => [
      device.name,
      name,
      property.parse ? (typeof property.default === "function" ? "by the machine" : String(defaultOf(property))) : "read-only",
      `${property.description}${property.expected === undefined ? "" : `: ${property.expected}`}`,
    ]),
  );
  return `# What is supported

Written by \`npm run docs\` from the code; a test fails while it is out of date.

## Formats

Models: ${frontends.map((f) => `${f.title} (\`${f.name}\`: ${f.extensions.join(", ")})`).join(", ")}. Known by their content, without a reader yet:
${formatsWithoutReader.map((f) => f.title).join(", ")}. Written: OpenVINO IR version 11. Arrays: .npy, .npz, raw .bin. Pictures: .png, .jpg.

## Devices

${devices.map((d) => `- \`${d.name}\`: ${d.description}.`).join("\n")}

Targets of \`CPU\`: ${targetNames.map((t) => `\`${t}\``).join(", ")}.

${table(["device", "property", "default", "what it is"], properties)}

## Operations (${operations.length})

Versions are the opsets that introduced them; all are read from and written to IR. CPU: \`kernel\` has one for floats of static shapes,
\`kernel, fuses\` is element-wise and joins what comes before it, \`host\` runs by its reference semantics between kernels.

${table(["operation", "versions", "REFERENCE", "CPU"], operations)}

## ONNX operators (${onnx.length})

Opset 7 and later. Versions: where the meaning changed, the operator sets from which each mapping holds.

${table(["operator", "versions"], onnx)}

## Caffe layers (${supportedLayers().length})

${supportedLayers().join(", ")}. Layers that feed data become inputs; losses and reports are left out.

## MXNet operators (${supportedOperators().length})

${supportedOperators().join(", ")}. Labels are no inputs.

## Kaldi components (${supportedComponents().length})

${supportedComponents().join(", ")}. Networks run over whole utterances: inputs and outputs are [frames, dim].
`;
}
