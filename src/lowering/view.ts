import { invariant } from "../common/errors.ts";
import { rowMajorStrides, shapeSize } from "../common/shape.ts";
import type { Operand } from "../kernel/engine.ts";
import type { MemoryElement } from "../kernel/kernel.ts";
import { type ViewElement, viewElementBytes, viewElements } from "./view-element.ts";

/**
 * A block of memory of a program: part of the request's arena, constant data that all requests share, or a tensor of the segment
 * before, which lies in that one's memory and is only read.
 */
export interface Block {
  readonly id: number;
  readonly byteLength: number;
  readonly kind: "arena" | "constant" | "border";
  /** Where a constant block lies. */
  readonly place?: Operand;
  /** What a border block is to the segment before. */
  readonly source?: View;
  /** For printing. */
  readonly name: string;
}

/**
 * A tensor's place: elements of a block, by strides. Transposes, slices, splits, squeezes, broadcasts and most reshapes
 * are new views of the same elements; feature maps are channels-last by their strides, whatever their logical shape.
 */
export interface View {
  readonly block: Block;
  /** Of the element at index 0, in elements. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** In elements, by logical dimension; 0 where broadcast. */
  readonly strides: readonly number[];
  readonly element: ViewElement;
}

export const viewSize = (view: View): number => shapeSize(view.shape);

/** Elements from the view's first to behind its last. */
export const viewSpan = (view: View): number =>
  viewSize(view) === 0 ? 0 : 1 + view.shape.reduce((n, d, i) => n + (d - 1) * view.strides[i], 0);

export const viewByteOffset = (view: View): number => view.offset * viewElementBytes(view.element);

/** Bytes from the view's first element to behind its last. */
export const viewBytes = (view: View): number => viewSpan(view) * viewElementBytes(view.element);

/** What kernels call the memory of a view's elements. */
export const viewMemory = (view: Pick<View, "element">): MemoryElement => viewElements[view.element].memory;

/** The bits of a view's elements as integers, for moving them; those of 64 bits as two words in a dimension of their own. */
export function bitsOf(view: View): View {
  switch (viewElementBytes(view.element)) {
    case 1:
      return { ...view, element: "u8" };
    case 2:
      return { ...view, element: "u16" };
    case 4:
      return { ...view, element: "i32" };
    default:
      return {
        ...view,
        element: "i32",
        offset: view.offset * 2,
        shape: [...view.shape, 2],
        strides: [...view.strides.map((s) => s * 2), 1],
      };
  }
}

/** Strides of a dense tensor whose dimensions lie in memory in the given order, slowest first. */
export function stridesOfOrder(shape: readonly number[], order: readonly number[]): number[] {
  const physical = rowMajorStrides(order.map((d) => shape[d]));
  const strides = new Array<number>(shape.length);
  for (const [i, d] of order.entries()) strides[d] = physical[i];
  return strides;
}

/** The dimensions of a view, slowest in memory first; dimensions of length 1 stay where they are logically. */
export function orderOf(view: Pick<View, "shape" | "strides">): number[] {
  const significant = view.shape.map((_, i) => i).filter((i) => view.shape[i] > 1);
  const sorted = significant.toSorted((a, b) => view.strides[b] - view.strides[a] || a - b);
  let next = 0;
  return view.shape.map((d, i) => (d > 1 ? sorted[next++] : i));
}

export const plainOrder = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i);

/** Batch, spatial, channels: how feature maps (N, C, spatial ...) lie inside. Other ranks are row-major. */
export const channelsLastOrder = (rank: number): number[] =>
  rank < 3 ? plainOrder(rank) : [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];

/** Whether the elements lie row-major without gaps. */
export function isRowMajor(view: View): boolean {
  const strides = rowMajorStrides(view.shape);
  return view.shape.every((d, i) => d === 1 || view.strides[i] === strides[i]);
}

export const permuteView = (view: View, order: readonly number[]): View => ({
  ...view,
  shape: order.map((d) => view.shape[d]),
  strides: order.map((d) => view.strides[d]),
});

/** Elements begin, begin + step, ... of one dimension. */
export function sliceView(view: View, axis: number, begin: number, length: number, step = 1): View {
  return {
    ...view,
    offset: view.offset + begin * view.strides[axis],
    shape: view.shape.map((d, i) => (i === axis ? length : d)),
    strides: view.strides.map((s, i) => (i === axis ? s * step : s)),
  };
}

/** Numpy broadcasting to a shape of at least the view's rank. */
export function broadcastView(view: View, shape: readonly number[]): View {
  const lead = shape.length - view.shape.length;
  return {
    ...view,
    shape: [...shape],
    strides: shape.map((d, i) => (i < lead || (view.shape[i - lead] === 1 && d !== 1) ? 0 : view.strides[i - lead])),
  };
}

/** The same elements in row-major logical order under another shape, where strides can say it; else undefined. */
export function reshapeView(view: View, shape: readonly number[]): View | undefined {
  invariant(viewSize(view) === shapeSize(shape), `a view of [${view.shape}] is reshaped to [${shape}]`);
  if (viewSize(view) === 0) return { ...view, shape: [...shape], strides: rowMajorStrides(shape) };
  const from = view.shape.flatMap((d, i) => (d === 1 ? [] : [{ d, s: view.strides[i] }]));
  const strides = new Array<number>(shape.length).fill(0);
  let i = 0; // dimension of `from`
  let j = 0; // dimension of `shape`
  while (i < from.length) {
    // Take the shortest runs of both with the same number of elements.
    let oldSize = from[i].d;
    let oldEnd = i + 1;
    while (j < shape.length && shape[j] === 1) j++;
    let newSize = shape[j];
    let newEnd = j + 1;
    while (oldSize !== newSize) {
      if (oldSize < newSize) oldSize *= from[oldEnd++].d;
      else newSize *= shape[newEnd++];
    }
    for (let k = i; k + 1 < oldEnd; k++) if (from[k].s !== from[k + 1].d * from[k + 1].s) return undefined;
    for (let k = newEnd - 1, s = from[oldEnd - 1].s; k >= j; s *= shape[k--]) strides[k] = s;
    i = oldEnd;
    j = newEnd;
  }
  return { ...view, shape: [...shape], strides };
}
