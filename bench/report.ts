/** What one case took on each engine, milliseconds. */
export interface Measurement {
  readonly case: string;
  readonly counted: boolean;
  readonly threads: number;
  readonly milliseconds: Readonly<Record<string, number>>;
}

const nativePeers = ["onnxruntime-node", "openvino"] as const;
const webPeers = ["onnxruntime-web"] as const;

const fastest = (m: Measurement, names: readonly string[]): number =>
  Math.min(...names.map((n) => m.milliseconds[n] ?? Number.POSITIVE_INFINITY));
const geometricMean = (values: readonly number[]): number => Math.exp(values.reduce((s, v) => s + Math.log(v), 0) / values.length);
const milliseconds = (value: number | undefined): string => (value === undefined ? "" : value.toFixed(value < 10 ? 3 : 1));

/** A Markdown table of medians, the ratios to the faster native peer and to the WebAssembly peer, and their geometric means. */
export function formatReport(measurements: readonly Measurement[]): string {
  const engines = [...new Set(measurements.flatMap((m) => Object.keys(m.milliseconds)))];
  const ratioColumns = [
    {
      title: "vintner / faster native peer",
      ratio: (m: Measurement): number => (m.milliseconds["vintner"] ?? Number.NaN) / fastest(m, nativePeers),
    },
    {
      title: "vintner wasm / onnxruntime-web",
      ratio: (m: Measurement): number => (m.milliseconds["vintner wasm"] ?? Number.NaN) / fastest(m, webPeers),
    },
  ];
  const usable = (r: number): boolean => Number.isFinite(r) && r > 0;
  const cell = (r: number): string => (usable(r) ? r.toFixed(2) : "");
  const rows = measurements.map((m) => [
    m.case,
    String(m.threads),
    ...engines.map((e) => milliseconds(m.milliseconds[e])),
    ...ratioColumns.map((c) => cell(c.ratio(m))),
  ]);
  const means = [...new Set(measurements.map((m) => m.threads))].map((threads) => {
    const of = (c: (typeof ratioColumns)[number]): string => {
      const values = measurements
        .filter((m) => m.counted && m.threads === threads)
        .map(c.ratio)
        .filter(usable);
      return values.length === 0 ? "" : geometricMean(values).toFixed(2);
    };
    return ["geometric mean", String(threads), ...engines.map(() => ""), ...ratioColumns.map(of)];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const head = ["network", "threads", ...engines.map((e) => `${e} ms`), ...ratioColumns.map((c) => c.title)];
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line), ...means.map(line)].join("\n");
}
