/** An IR's layers and edges, without what OpenVINO leaves open: it does not align constants, and sorts edges by their first layer only. */
export interface ComparableIr {
  readonly layers: readonly string[];
  readonly edges: readonly string[];
}

export function comparableIr(xml: string): ComparableIr {
  const lines = xml.split("\n").map((line) => line.replace(/ offset="\d+" size=/, " size="));
  const isEdge = (line: string): boolean => line.includes("<edge ");
  return { layers: lines.filter((line) => !isEdge(line)), edges: lines.filter(isEdge).toSorted() };
}

/**
 * The same, with the lengths that OpenVINO leaves open left open: it follows no symbols while it reads an IR, so that
 * vintner may know more of a shape, never less or something else.
 */
export function knownAsIn(xml: string, reference: ComparableIr): ComparableIr {
  const { layers, edges } = comparableIr(xml);
  const isLength = /^\s*<dim>\d+<\/dim>$/;
  const isOpen = /^\s*<dim>-1<\/dim>$/;
  const opened = layers.map((line, i) =>
    isLength.test(line) && isOpen.test(reference.layers[i] ?? "") ? (reference.layers[i] as string) : line,
  );
  return { layers: opened, edges };
}
