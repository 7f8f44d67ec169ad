/** Operations, or versions of them, that opset14 introduced. */
export const opset14 = [] as const;
