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
 * The network saw mostly Chinese in training and is unsure of spaces: between words their probability is 0.2 to 0.9, inside
 * words below 0.01.
 */
const spaceThreshold = 0.1;

/**
 * Greedy decoding of connectionist temporal classification: the likeliest class of each step, repetitions and blanks dropped.
 * A blank next to which the space (the last class) is likely enough counts as one. `probabilities` has shape [steps, classes].
 */
export function decodeGreedily(probabilities: ArrayLike<number>, steps: number, classes: number, characters: Characters): DecodedText {
  if (characters.length !== classes) throw new Error(`The network has ${classes} classes, the character list ${characters.length}`);
  const space = classes - 1;
  let text = "";
  let sum = 0;
  let count = 0;
  for (let step = 0, previous = 0; step < steps; step++) {
    const row = step * classes;
    let best = 0;
    for (let c = 1; c < classes; c++) if (probabilities[row + c] > probabilities[row + best]) best = c;
    if (best === 0 && probabilities[row + space] > spaceThreshold) best = space;
    if (best === space) {
      if (text !== "" && !text.endsWith(" ")) text += " ";
    } else if (best !== 0 && best !== previous) {
      text += characters[best];
      sum += probabilities[row + best];
      count++;
    }
    previous = best;
  }
  return { text: text.trimEnd(), confidence: count === 0 ? 0 : sum / count };
}
