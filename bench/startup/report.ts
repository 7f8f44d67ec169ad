/** One process, milliseconds from its start to the first answer and of the parts that it measures itself, and its peak memory in kB. */
export interface Start {
  readonly whole: number;
  readonly import: number;
  readonly read: number;
  readonly compile: number;
  readonly infer: number;
  readonly peak: number;
}

/** The processes of a network, by engine. */
export interface Started {
  readonly network: string;
  readonly starts: ReadonlyMap<string, readonly Start[]>;
}

const sorted = (starts: readonly Start[], of: (start: Start) => number): number[] => starts.map(of).toSorted((a, b) => a - b);
const least = (starts: readonly Start[], of: (start: Start) => number): number => sorted(starts, of)[0];
const median = (starts: readonly Start[], of: (start: Start) => number): number => sorted(starts, of)[starts.length >> 1];
const geometricMean = (ratios: readonly number[]): number => Math.exp(ratios.reduce((s, r) => s + Math.log(r), 0) / ratios.length);

/** A Markdown table: least and median of the whole, vintner's parts (least), peaks (median), ratios of the least times and of the peaks. */
export function formatStartup(started: readonly Started[]): string {
  const engines = [...new Set(started.flatMap(({ starts }) => [...starts.keys()]))];
  const peers = engines.filter((e) => e !== "vintner");
  const ratio = ({ starts }: Started, peer: string, of: (list: readonly Start[]) => number): number | undefined => {
    const [own, other] = [starts.get("vintner"), starts.get(peer)];
    return own && other && of(own) / of(other);
  };
  const columns = peers.flatMap((peer) => [
    { title: `/ ${peer}`, of: (s: Started) => ratio(s, peer, (list) => least(list, (r) => r.whole)) },
    { title: `peak / ${peer}`, of: (s: Started) => ratio(s, peer, (list) => median(list, (r) => r.peak)) },
  ]);
  const parts = ["import", "read", "compile", "infer"] as const;
  const rows = started.map((entry) => {
    const own = entry.starts.get("vintner");
    return [
      entry.network,
      ...engines.map((e) => {
        const list = entry.starts.get(e);
        return list ? `${least(list, (s) => s.whole).toFixed(0)} (${median(list, (s) => s.whole).toFixed(0)})` : "";
      }),
      own ? parts.map((p) => least(own, (s) => s[p]).toFixed(0)).join(" + ") : "",
      ...engines.map((e) => {
        const list = entry.starts.get(e);
        return list ? (median(list, (s) => s.peak) / 1024).toFixed(0) : "";
      }),
      ...columns.map((c) => c.of(entry)?.toFixed(2) ?? ""),
    ];
  });
  const means = columns.map((c) => geometricMean(started.map(c.of).filter((r) => r !== undefined)).toFixed(2));
  const head = [
    "network",
    ...engines.map((e) => `${e} ms, least (median)`),
    `vintner: ${parts.join(" + ")}`,
    ...engines.map((e) => `${e} MB`),
    ...columns.map((c) => c.title),
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const blank = engines.map(() => "");
  return [
    line(head),
    line(head.map((_, i) => (i === 0 ? "---" : "---:"))),
    ...rows.map(line),
    line(["geometric mean", ...blank, "", ...blank, ...means]),
  ].join("\n");
}
