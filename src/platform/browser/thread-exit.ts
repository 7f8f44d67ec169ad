/** A browser's worker takes all that it has with it when it ends. */
export function onThreadExit(_run: () => void): void {}
