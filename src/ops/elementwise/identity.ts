import { defineElementwise } from "../define-elementwise.ts";

/** The input itself. */
export const Identity16 = defineElementwise({ type: "Identity", since: "opset16", inputs: 1, accepts: "any", scalar: ([x]) => x });
