import type { Tensor } from "vintner";

/** A compiled network with one input and one output. */
export type Network = (input: Tensor) => Promise<Tensor>;
