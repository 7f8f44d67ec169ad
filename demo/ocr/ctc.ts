/** The text of each class. Class 0 is the blank of CTC. */
export type Characters = readonly string[];

export interface DecodedText {
  readonly text: string;
  /** Mean probability of the characters, 0 for an empty text. */
  readonly confidence: number;
}

/** Reads a character list: one a line. The blank comes first, the space last. */
export const parseCharacters = (list: string): Characters => [
  "",
  ...list
    .split("\n")
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => line !== ""),
  " ",
];

/**
 * Greedy decoding of connectionist temporal classification: the likeliest class of each step, repetitions and blanks dropped.
 * `probabilities` has shape [steps, classes].
 */
export function decodeGreedily(probabilities: ArrayLike<number>, steps: number, classes: number, characters: Characters): DecodedText {
  if (characters.length !== classes) throw new Error(`The network has ${classes} classes, the character list ${characters.length}`);
  let text = "";
  let sum = 0;
  let count = 0;
  for (let step = 0, previous = 0; step < steps; step++) {
    let best = 0;
    for (let c = 1, at = step * classes; c < classes; c++) if (probabilities[at + c] > probabilities[at + best]) best = c;
    if (best !== 0 && best !== previous) {
      text += characters[best];
      sum += probabilities[step * classes + best];
      count++;
    }
    previous = best;
  }
  return { text, confidence: count === 0 ? 0 : sum / count };
}
