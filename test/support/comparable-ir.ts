/** An IR's layers and edges, without what OpenVINO leaves open: it does not align constants, and sorts edges by their first layer only. */
export function comparableIr(xml: string): { readonly layers: string; readonly edges: readonly string[] } {
  const lines = xml.split("\n").map((line) => line.replace(/ offset="\d+" size=/, " size="));
  const isEdge = (line: string): boolean => line.includes("<edge ");
  return { layers: lines.filter((line) => !isEdge(line)).join("\n"), edges: lines.filter(isEdge).toSorted() };
}
