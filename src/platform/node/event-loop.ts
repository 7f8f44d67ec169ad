/** Resolves when the event loop has turned: pending input and output events have been handled. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
