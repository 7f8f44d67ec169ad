/** Operations, or versions of them, that opset13 introduced. */
export const opset13 = [] as const;
