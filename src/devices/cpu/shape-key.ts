/** Names a set of input shapes: programs are kept by it. */
export const shapeKey = (shapes: readonly (readonly number[])[]): string => shapes.map((s) => s.join(",")).join(";");
