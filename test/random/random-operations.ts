import type { AttributeValue } from "../../src/model/attribute.ts";
import type { Output } from "../../src/model/output.ts";
import { type ElementType, isFloat, isInteger } from "../../src/tensor/element-type.ts";
import { boundOf, isNumber, mostBound, type ModelDraft, type Value } from "./model-draft.ts";

/** What an operation may draw from. */
export interface Draw {
  readonly model: ModelDraft;
  readonly picks: readonly number[];
  readonly parameters: readonly number[];
}

/** Adds an operation to a model; undefined where nothing there fits it. */
type RandomOperation = (draw: Draw) => readonly Value[] | undefined;

const choose = <T>(list: readonly T[], drawn: number): T => list[drawn % list.length];
const typeOf = (value: Value): ElementType => value.output.elementType;
const shapeOf = (value: Value): readonly number[] => value.output.shape;
const rankOf = (value: Value): number => shapeOf(value).length;
const isSmall = (value: Value): boolean => value.bound <= mostBound;
const isFloatValue = (value: Value): boolean => isFloat(typeOf(value)) && isSmall(value);
const isF32 = (value: Value): boolean => typeOf(value) === "f32" && isSmall(value);
/** The element types whose arithmetic every device has. */
const isComputable = (value: Value): boolean => isNumber(typeOf(value)) && isSmall(value);

/** An operation that only moves elements: any type, values as they were. */
const moves =
  (build: (draw: Draw, value: Value) => readonly Output[], fits: (value: Value) => boolean = () => true): RandomOperation =>
  (draw) => {
    const value = draw.model.pick(draw.picks[0], fits);
    return value && build(draw, value).map((output) => ({ ...value, output }));
  };

const permutation = (rank: number, drawn: number): number[] => {
  const rest = Array.from({ length: rank }, (_, i) => i);
  const order: number[] = [];
  for (let n = drawn; rest.length > 0; n = Math.floor(n / 7) + 3) order.push(...rest.splice(n % rest.length, 1));
  return order;
};

/** Another shape of as many elements. */
function refactored(shape: readonly number[], drawn: number): number[] {
  if (shape.some((d) => d === 0)) return [...shape].reverse();
  const factors: number[] = [];
  for (let d of shape) for (let f = 2; d > 1; f++) for (; d % f === 0; d /= f) factors.push(f);
  const rank = 1 + (drawn % 4);
  const out = Array.from({ length: rank }, () => 1);
  for (const [i, f] of factors.entries()) out[(i * 3 + drawn) % rank] *= f;
  return out;
}

const movement: readonly RandomOperation[] = [
  moves(({ model, parameters }, v) => model.apply("Transpose", [v.output, model.integers(permutation(rankOf(v), parameters[0]))])),
  moves(({ model, parameters }, v) =>
    model.apply("Reshape", [v.output, model.integers(refactored(shapeOf(v), parameters[0]))], { special_zero: false }),
  ),
  moves(
    ({ model, parameters }, v) => model.apply("Unsqueeze", [v.output, model.integers([parameters[0] % (rankOf(v) + 1)])]),
    (v) => rankOf(v) < 5,
  ),
  moves(
    ({ model }, v) => model.apply("Squeeze", [v.output, model.integers([shapeOf(v).indexOf(1)])]),
    (v) => shapeOf(v).includes(1),
  ),
  moves(
    ({ model, parameters }, v) => {
      const axis = parameters[0] % rankOf(v);
      const length = shapeOf(v)[axis];
      const step = choose([1, 1, 2, -1, 3, -2], parameters[1]);
      const [a, b] = [parameters[2] % (length + 2), parameters[3] % (length + 2)];
      return model.apply("Slice", [
        v.output,
        model.integers([step > 0 ? Math.min(a, b) : Math.max(a, b)]),
        model.integers([step > 0 ? Math.max(a, b) : Math.min(a, b) - (parameters[4] % 2) * (length + 3)]),
        model.integers([step]),
        model.integers([axis]),
      ]);
    },
    (v) => rankOf(v) > 0,
  ),
  moves(
    ({ model, parameters }, v) => {
      const rank = rankOf(v);
      const bit = (n: number, i: number): number => (n >> i) & 1;
      const shrink = shapeOf(v).map((d, i) => (d > 0 && bit(parameters[0], i) === 1 && bit(parameters[1], i) === 1 ? 1 : 0));
      return model.apply(
        "StridedSlice",
        [
          v.output,
          model.integers(shapeOf(v).map((d, i) => (d === 0 ? 0 : (parameters[2] + i) % d) * (shrink[i] || bit(parameters[3], i) ? 1 : 0))),
          model.integers(shapeOf(v).map((d, i) => (bit(parameters[4], i) ? d : d - 1))),
          model.integers(shapeOf(v).map((_, i) => (shrink[i] ? 1 : 1 + bit(parameters[5], i)))),
        ],
        {
          begin_mask: shapeOf(v).map((_, i) => bit(parameters[1], i + 4)),
          end_mask: shapeOf(v).map((_, i) => bit(parameters[1], i + 8)),
          new_axis_mask: Array.from({ length: rank }, () => 0),
          shrink_axis_mask: shrink,
          ellipsis_mask: Array.from({ length: rank }, () => 0),
        },
      );
    },
    (v) => rankOf(v) > 0,
  ),
  moves(
    ({ model, parameters }, v) => {
      const axis = parameters[0] % rankOf(v);
      const length = shapeOf(v)[axis];
      const first = parameters[1] % (length + 1);
      return model.apply("VariadicSplit", [v.output, model.integers([axis], []), model.integers([first, length - first])]);
    },
    (v) => rankOf(v) > 0,
  ),
  moves(
    ({ model, parameters }, v) => {
      const axis = shapeOf(v).findIndex((d) => d > 1 && d % 2 === 0);
      return model.apply("Split", [v.output, model.integers([axis], [])], { num_splits: parameters[0] % 2 === 0 ? 2 : shapeOf(v)[axis] });
    },
    (v) => shapeOf(v).some((d) => d > 1 && d % 2 === 0),
  ),
  moves(({ model, parameters }, v) =>
    model.apply(
      "Broadcast",
      [v.output, model.integers([1 + (parameters[0] % 3), ...shapeOf(v).map((d) => (d === 1 ? 1 + (parameters[1] % 4) : d))])],
      {
        mode: "numpy",
      },
    ),
  ),
  moves(({ model, parameters }, v) =>
    model.apply("Tile", [v.output, model.integers(shapeOf(v).map((_, i) => 1 + ((parameters[0] >> i) & 1)))]),
  ),
  moves(
    ({ model, parameters }, v) => {
      const mode = choose(["constant", "edge", "reflect", "symmetric"], parameters[0]);
      const pads = (drawn: number): Output => model.integers(shapeOf(v).map((_, i) => (drawn >> (2 * i)) & 3));
      return model.apply("Pad", [v.output, pads(parameters[1]), pads(parameters[2]), model.constant(typeOf(v), [], parameters[3])], {
        pad_mode: mode,
      });
    },
    (v) => isNumber(typeOf(v)) || typeOf(v) === "boolean",
  ),
  moves(
    ({ model, parameters }, v) => {
      const axis = parameters[0] % rankOf(v);
      const length = shapeOf(v)[axis];
      const indices = [0, length - 1, parameters[1] % length, -1, -length];
      const shape = choose([[], [1], [5], [2, 2]], parameters[2]);
      const count = shape.reduce((n, d) => n * d, 1);
      return model.apply("Gather", [v.output, model.integers(indices.slice(0, count), shape), model.integers([axis], [])], {
        batch_dims: 0,
      });
    },
    (v) => rankOf(v) > 0 && shapeOf(v).every((d) => d > 0),
  ),
  // Indices that are computed: any integers there, brought into the axis' range by the data's own bound.
  ({ model, picks, parameters }) => {
    const v = model.pick(picks[0], (x) => rankOf(x) > 0 && shapeOf(x).every((d) => d > 0));
    const at = model.pick(picks[1], (x) => (typeOf(x) === "i32" || typeOf(x) === "i64") && rankOf(x) < 3 && x.bound < 2 ** 31);
    if (!v || !at) return undefined;
    const axis = parameters[0] % rankOf(v);
    const range = model.apply("FloorMod", [at.output, typed(model, typeOf(at), shapeOf(v)[axis])]);
    return model
      .apply("Gather", [v.output, range[0], model.integers([axis], [])], { batch_dims: 0 })
      .map((output) => ({ ...v, output, exact: v.exact && at.exact }));
  },
  // A concatenation of two or three, which their producers may write in place.
  ({ model, picks, parameters }) => {
    const first = model.pick(picks[0], (v) => rankOf(v) > 0);
    if (!first) return undefined;
    const axis = parameters[0] % rankOf(first);
    const fits = (v: Value): boolean =>
      typeOf(v) === typeOf(first) && rankOf(v) === rankOf(first) && shapeOf(v).every((d, i) => i === axis || d === shapeOf(first)[i]);
    const others = [model.pick(picks[1], fits), parameters[1] % 2 === 0 ? model.pick(picks[2], fits) : undefined].filter(
      (v) => v !== undefined,
    );
    const constant = shapeOf(first).map((d, i) => (i === axis ? 2 : d));
    const extra = parameters[2] % 4 === 0 ? [model.constant(typeOf(first), constant, parameters[3])] : [];
    const all = [first, ...others];
    return model.apply("Concat", [...all.map((v) => v.output), ...extra], { axis }).map((output) => ({
      output,
      exact: all.every((v) => v.exact),
      bound: Math.max(boundOf(typeOf(first)), ...all.map((v) => v.bound)),
    }));
  },
  moves(
    ({ model, parameters }, v) =>
      model.apply(choose(["DepthToSpace", "SpaceToDepth"], parameters[0]), [v.output], {
        block_size: 2,
        mode: choose(["blocks_first", "depth_first"], parameters[1]),
      }),
    (v) => rankOf(v) === 4 && isNumber(typeOf(v)),
  ),
  moves(
    ({ model, parameters }, v) => model.apply("ShuffleChannels", [v.output], { axis: 1, group: 1 + (parameters[0] % 3) }),
    (v) => rankOf(v) === 4 && isNumber(typeOf(v)),
  ),
  moves(
    ({ model, parameters }, v) =>
      model.apply("Roll", [v.output, model.integers([parameters[0] % 5]), model.integers([parameters[1] % rankOf(v)])]),
    (v) => rankOf(v) > 0,
  ),
];

/** A scalar of a type. */
const typed = (model: ModelDraft, type: ElementType, value: number): Output =>
  model.apply("Convert", [model.integers([value], [])], { destination_type: type })[0];

/** The second operand of a binary operation: another value that broadcasts, or a constant. */
function operandFor({ model, picks, parameters }: Draw, a: Value): Value {
  const broadcasts = (v: Value): boolean =>
    typeOf(v) === typeOf(a) &&
    isSmall(v) &&
    Array.from({ length: Math.min(rankOf(v), rankOf(a)) }, (_, i) => i + 1).every((i) => {
      const [x, y] = [shapeOf(v).at(-i), shapeOf(a).at(-i)];
      return x === y || x === 1 || y === 1;
    });
  const other = parameters[0] % 3 === 0 ? undefined : model.pick(picks[1], broadcasts);
  if (other) return other;
  const shape = shapeOf(a).map((d, i) => ((parameters[1] >> i) & 1 ? d : 1));
  return {
    output: model.constant(typeOf(a), choose([shape, [], [...shapeOf(a)]], parameters[2]), parameters[3]),
    exact: true,
    bound: boundOf(typeOf(a)),
  };
}

const isUnsigned = (type: ElementType): boolean => type === "u8" || type === "u16" || type === "u32" || type === "u64";
/** Least and most whole number of an integer type, as far as bounds go here. */
const rangeBound = (type: ElementType): number =>
  ({ u8: 255, i8: 127, u16: 65535, i16: 32767 })[type as string] ?? (isFloat(type) ? Number.POSITIVE_INFINITY : 2 ** 31 - 1);

/** Wrapping integers are no part of the comparison: results stay inside of their type. */
const stays = (type: ElementType, bound: number): boolean => bound <= rangeBound(type);

const binary =
  (type: string, bound: (a: number, b: number) => number, fits: (value: Value) => boolean = isComputable): RandomOperation =>
  (draw) => {
    const a = draw.model.pick(draw.picks[0], fits);
    if (!a) return undefined;
    const b = operandFor(draw, a);
    const most = bound(a.bound, b.bound);
    if (!stays(typeOf(a), most) || (type === "Subtract" && isUnsigned(typeOf(a)))) return undefined;
    const operands = draw.parameters[4] % 2 === 0 ? [a, b] : [b, a];
    const exact = a.exact && b.exact && (isInteger(typeOf(a)) || type === "Maximum" || type === "Minimum");
    return draw.model
      .apply(
        type,
        operands.map((v) => v.output),
        { auto_broadcast: "numpy" },
      )
      .map((output) => ({ output, exact, bound: most }));
  };

const unary =
  (
    type: string,
    bound: (a: number) => number,
    options: { readonly exact?: boolean; readonly fits?: (value: Value) => boolean } = {},
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): RandomOperation =>
  ({ model, picks }) => {
    const a = model.pick(picks[0], options.fits ?? isFloatValue);
    return (
      a &&
      model
        .apply(type, [a.output], attributes)
        .map((output) => ({ output, exact: a.exact && options.exact === true, bound: bound(a.bound) }))
    );
  };

const same = (a: number): number => a;
const signed = (v: Value): boolean => isComputable(v) && !isUnsigned(typeOf(v));

const arithmetic: readonly RandomOperation[] = [
  binary("Add", (a, b) => a + b),
  binary("Subtract", (a, b) => a + b),
  binary("Multiply", (a, b) => a * b),
  binary("Maximum", Math.max),
  binary("Minimum", Math.max),
  binary("SquaredDifference", (a, b) => (a + b) ** 2, isFloatValue),
  unary("Relu", same, { exact: true, fits: signed }),
  unary("Abs", same, { exact: true, fits: signed }),
  unary("Negative", same, { exact: true, fits: signed }),
  unary("Sigmoid", () => 1),
  unary("Tanh", () => 1),
  unary("HSwish", same),
  unary("HSigmoid", () => 1),
  unary("Mish", same),
  unary("SoftPlus", (a) => a + 1),
  unary("Gelu", same, {}, { approximation_mode: "ERF" }),
  unary("Elu", same, {}, { alpha: 0.5 }),
  unary("Clamp", () => 1, { exact: true }, { min: -1, max: 0.75 }),
  unary("Sin", () => 1, { fits: (v) => isFloatValue(v) && v.bound < 100 }),
  unary("Erf", () => 1),
  unary("Exp", Math.exp, { fits: (v) => isFloatValue(v) && v.bound < 8 }),
  unary("Floor", (a) => a + 1, { exact: true, fits: (v) => isFloatValue(v) && v.exact }),
  unary("Ceiling", (a) => a + 1, { exact: true, fits: (v) => isFloatValue(v) && v.exact }),
  unary("Round", (a) => a + 1, { exact: true, fits: (v) => isFloatValue(v) && v.exact }, { mode: "half_to_even" }),
  unary("Sign", () => 1, { exact: true, fits: (v) => signed(v) && v.exact }),
  // A slope for each channel, or one for all.
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => isFloatValue(v) && rankOf(v) > 1);
    if (!a) return undefined;
    const slope = model.constant(typeOf(a), choose([[1], [shapeOf(a)[1]]], parameters[0]), parameters[1]);
    return model.apply("PRelu", [a.output, slope]).map((output) => ({ output, exact: false, bound: 2 * a.bound }));
  },
  // The same, spelled out.
  ({ model, picks }) => {
    const a = model.pick(picks[0], isF32);
    if (!a) return undefined;
    const [scaled] = model.apply("Multiply", [a.output, model.constant("f32", [], 1)]);
    return model.apply("Maximum", [a.output, scaled]).map((output) => ({ output, exact: false, bound: 2 * a.bound }));
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => isComputable(v) && v.exact);
    if (!a) return undefined;
    const b = operandFor({ model, picks, parameters }, a);
    if (!b.exact) return undefined;
    const type = choose(["Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual"], parameters[4]);
    return model.apply(type, [a.output, b.output]).map((output) => ({ output, exact: true, bound: 1 }));
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => typeOf(v) === "boolean");
    if (!a) return undefined;
    const b = model.pick(picks[1], (v) => typeOf(v) === "boolean" && shapeOf(v).join() === shapeOf(a).join()) ?? a;
    const type = choose(["LogicalAnd", "LogicalOr", "LogicalXor", "LogicalNot"], parameters[0]);
    return model
      .apply(type, type === "LogicalNot" ? [a.output] : [a.output, b.output])
      .map((output) => ({ output, exact: a.exact && b.exact, bound: 1 }));
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], () => true);
    const mask = a && model.pick(picks[1], (v) => typeOf(v) === "boolean" && shapeOf(v).join() === shapeOf(a).join());
    if (!a || !mask) return undefined;
    const b = model.constant(typeOf(a), choose([[], [...shapeOf(a)]], parameters[0]), parameters[1]);
    return model
      .apply("Select", [mask.output, a.output, b])
      .map((output) => ({ output, exact: a.exact && mask.exact, bound: Math.max(a.bound, boundOf(typeOf(a))) }));
  },
  // Conversions between all types, of values that both hold.
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => (v.exact || isFloat(typeOf(v))) && isSmall(v));
    if (!a) return undefined;
    const to = choose(["f32", "i32", "i64", "u8", "i8", "f16", "boolean", "f32", "i16", "bf16", "u32", "f64"] as const, parameters[0]);
    const whole = isFloat(typeOf(a)) && !isFloat(to) && to !== "boolean" ? model.apply("Floor", [a.output])[0] : a.output;
    const sign = isUnsigned(to) && !isUnsigned(typeOf(a)) && typeOf(a) !== "boolean" ? model.apply("Abs", [whole])[0] : whole;
    if ((!a.exact && !isFloat(to)) || !stays(to, to === "boolean" ? 1 : a.bound + 1)) return undefined;
    return model
      .apply("Convert", [sign], { destination_type: to })
      .map((output) => ({ output, exact: a.exact && (!isFloat(to) || a.bound < 200), bound: to === "boolean" ? 1 : a.bound + 1 }));
  },
];

const reductions: readonly RandomOperation[] = [
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => isComputable(v) && rankOf(v) > 0 && shapeOf(v).every((d) => d > 0));
    if (!a) return undefined;
    const axes = shapeOf(a)
      .map((_, i) => i)
      .filter((i) => (parameters[0] >> i) & 1);
    const float = isFloat(typeOf(a));
    const type = choose(
      float ? ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2"] : ["ReduceSum", "ReduceMax", "ReduceMin"],
      parameters[1],
    );
    const count = axes.reduce((n, i) => n * shapeOf(a)[i], 1);
    const bound = type === "ReduceMax" || type === "ReduceMin" || type === "ReduceMean" ? a.bound : a.bound * count;
    if (!stays(typeOf(a), bound)) return undefined;
    const exact = a.exact && (!float || type === "ReduceMax" || type === "ReduceMin");
    return model
      .apply(type, [a.output, model.integers(axes)], { keep_dims: parameters[2] % 2 === 0 })
      .map((output) => ({ output, exact, bound }));
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => typeOf(v) === "boolean" && rankOf(v) > 0);
    return (
      a &&
      model
        .apply(choose(["ReduceLogicalAnd", "ReduceLogicalOr"], parameters[0]), [a.output, model.integers([parameters[1] % rankOf(a)])], {
          keep_dims: true,
        })
        .map((output) => ({ output, exact: a.exact, bound: 1 }))
    );
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => isFloatValue(v) && rankOf(v) > 0 && v.bound < 100);
    return (
      a &&
      model
        .apply(choose(["Softmax", "LogSoftmax"], parameters[0]), [a.output], { axis: parameters[1] % rankOf(a) })
        .map((output) => ({ output, exact: false, bound: 200 }))
    );
  },
  ({ model, picks, parameters }) => {
    // Of values that differ: a variance of nothing but rounding errors says nothing.
    const a = model.pick(picks[0], (v) => isF32(v) && rankOf(v) > 1 && v.exact && shapeOf(v).every((d) => d > 3));
    return (
      a &&
      model
        .apply("MVN", [a.output, model.integers([rankOf(a) - 1, ...(parameters[0] % 2 === 0 ? [] : [rankOf(a) - 2])])], {
          normalize_variance: parameters[1] % 2 === 0,
          eps: 0.01,
          eps_mode: choose(["inside_sqrt", "outside_sqrt"], parameters[2]),
        })
        .map((output) => ({ output, exact: false, bound: 100 }))
    );
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => isF32(v) && rankOf(v) === 4 && v.exact && shapeOf(v).every((d) => d > 0));
    return (
      a &&
      model
        .apply("NormalizeL2", [a.output, model.integers([1])], { eps: 0.01, eps_mode: choose(["add", "max"], parameters[0]) })
        .map((output) => ({ output, exact: false, bound: 1 }))
    );
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(
      picks[0],
      (v) => isComputable(v) && rankOf(v) > 0 && shapeOf(v).every((d) => d > 0) && stays(typeOf(v), v.bound * 64),
    );
    return (
      a &&
      model
        .apply("CumSum", [a.output, model.integers([parameters[0] % rankOf(a)], [])], {
          exclusive: parameters[1] % 2 === 0,
          reverse: parameters[2] % 2 === 0,
        })
        .map((output) => ({ output, exact: a.exact && isInteger(typeOf(a)), bound: a.bound * 64 }))
    );
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => isComputable(v) && v.exact && rankOf(v) > 0 && shapeOf(v).every((d) => d > 0));
    if (!a) return undefined;
    const axis = parameters[0] % rankOf(a);
    const k = 1 + (parameters[1] % shapeOf(a)[axis]);
    const [values] = model.apply("TopK", [a.output, model.integers([k], [])], {
      axis,
      mode: choose(["max", "min"], parameters[2]),
      sort: "value",
      index_element_type: choose(["i32", "i64"], parameters[3]),
      stable: true,
    });
    return [{ ...a, output: values }];
  },
];

const spatial = (v: Value): boolean => isF32(v) && (rankOf(v) === 3 || rankOf(v) === 4) && shapeOf(v).every((d) => d > 0);

const layers: readonly RandomOperation[] = [
  // Convolutions of one and two spatial dimensions, whole, grouped and depthwise.
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], spatial);
    if (!a) return undefined;
    const [, channels, ...sizes] = shapeOf(a);
    const kernel = sizes.map((_, i) => choose([1, 3, 2, 5, 7], parameters[0] + i * (parameters[1] % 2)));
    const attributes = {
      strides: sizes.map((_, i) => 1 + ((parameters[2] >> i) & 1)),
      dilations: sizes.map((_, i) => 1 + ((parameters[2] >> (i + 2)) & 1)),
      pads_begin: sizes.map((_, i) => (parameters[3] >> (2 * i)) & 3),
      pads_end: sizes.map((_, i) => (parameters[3] >> (2 * i + 1)) & 3),
      auto_pad: choose(["explicit", "explicit", "same_upper", "same_lower", "valid"], parameters[4]),
    };
    const outputs = choose([1, 3, 8, 16, 17, 24], parameters[5]);
    const mode = choose(["whole", "whole", "depthwise", "grouped"], parameters[1]);
    const groups = mode === "depthwise" ? channels : mode === "grouped" && channels % 2 === 0 ? 2 : 0;
    const weights =
      groups > 0
        ? model.constant("f32", [groups, mode === "depthwise" ? 1 : outputs, channels / groups, ...kernel], parameters[0])
        : model.constant("f32", [outputs, channels, ...kernel], parameters[0]);
    const terms = (channels / Math.max(1, groups)) * kernel.reduce((n, d) => n * d, 1);
    return model
      .apply(groups > 0 ? "GroupConvolution" : "Convolution", [a.output, weights], attributes)
      .map((output) => ({ output, exact: false, bound: a.bound * 2 * terms }));
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => spatial(v) && rankOf(v) === 4);
    if (!a) return undefined;
    const channels = shapeOf(a)[1];
    const kernel = [choose([2, 3, 4, 1], parameters[0]), choose([2, 3, 4, 1], parameters[0] + (parameters[1] % 2))];
    const weights = model.constant("f32", [channels, choose([1, 4, 9], parameters[2]), ...kernel], parameters[0]);
    return model
      .apply("ConvolutionBackpropData", [a.output, weights], {
        strides: [1 + (parameters[3] & 1), 1 + ((parameters[3] >> 1) & 1)],
        dilations: [1, 1],
        pads_begin: [parameters[4] & 1, (parameters[4] >> 1) & 1],
        pads_end: [(parameters[4] >> 2) & 1, (parameters[4] >> 3) & 1],
        auto_pad: "explicit",
        output_padding: [0, 0],
      })
      .map((output) => ({ output, exact: false, bound: a.bound * 2 * channels * 16 }));
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(
      picks[0],
      (v) => isComputable(v) && (isF32(v) || isInteger(typeOf(v))) && rankOf(v) === 4 && shapeOf(v).every((d) => d > 0),
    );
    if (!a) return undefined;
    const window = {
      strides: [1 + (parameters[0] & 1), 1 + ((parameters[0] >> 1) & 1)],
      kernel: [choose([2, 3, 1], parameters[1]), choose([2, 3, 5], parameters[2])],
      rounding_type: choose(["floor", "ceil"], parameters[3]),
      auto_pad: choose(["explicit", "same_upper"], parameters[4]),
      pads_begin: [parameters[5] & 1, 0],
      pads_end: [0, (parameters[5] >> 1) & 1],
    };
    if (!isF32(a) || parameters[5] % 2 === 0)
      return [
        {
          ...a,
          output: model.apply("MaxPool", [a.output], { ...window, dilations: [1, 1], index_element_type: "i64", axis: 0 })[0],
          bound: Number.isFinite(a.bound) ? a.bound : mostBound,
        },
      ];
    return model
      .apply("AvgPool", [a.output], { ...window, "exclude-pad": parameters[4] % 2 === 0 })
      .map((output) => ({ output, exact: false, bound: a.bound }));
  },
  // Products with a constant, and of two values.
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => isF32(v) && rankOf(v) > 0 && shapeOf(v).every((d) => d > 0));
    if (!a) return undefined;
    const transpose = parameters[0] % 2 === 0;
    const depth = shapeOf(a).at(-1) as number;
    const columns = choose([1, 5, 16, 17, 33], parameters[1]);
    const weights = model.constant("f32", transpose ? [columns, depth] : [depth, columns], parameters[2]);
    return model
      .apply("MatMul", [a.output, weights], { transpose_a: false, transpose_b: transpose })
      .map((output) => ({ output, exact: false, bound: a.bound * 2 * depth }));
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => isF32(v) && rankOf(v) > 1 && shapeOf(v).every((d) => d > 0));
    if (!a) return undefined;
    const b = model.pick(picks[1], (v) => isF32(v) && rankOf(v) > 1 && v.bound * a.bound < mostBound && shapeOf(v).every((d) => d > 0));
    if (!b) return undefined;
    const [transposeA, transposeB] = [parameters[0] % 2 === 1, parameters[1] % 2 === 1];
    return model
      .apply("MatMul", [a.output, b.output], { transpose_a: transposeA, transpose_b: transposeB })
      .map((output) => ({ output, exact: false, bound: a.bound * b.bound * 64 }));
  },
  ({ model, picks, parameters }) => {
    const a = model.pick(picks[0], (v) => isF32(v) && rankOf(v) === 4 && shapeOf(v).every((d) => d > 0));
    if (!a) return undefined;
    const size = [1 + (parameters[0] % 12), 1 + (parameters[1] % 12)];
    return model
      .apply("Interpolate", [a.output, model.integers(size), model.integers([2, 3])], {
        mode: choose(["nearest", "linear", "linear_onnx", "cubic"], parameters[2]),
        shape_calculation_mode: "sizes",
        coordinate_transformation_mode: choose(["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"], parameters[3]),
        nearest_mode: choose(["round_prefer_floor", "floor", "ceil", "round_prefer_ceil"], parameters[4]),
        antialias: false,
        pads_begin: [0],
        pads_end: [0],
        cube_coeff: -0.75,
      })
      .map((output) => ({ output, exact: false, bound: a.bound * 2 }));
  },
];

/** All that a model may be made of. What stands twice is drawn twice as often. */
export const randomOperations: readonly RandomOperation[] = [...movement, ...arithmetic, ...reductions, ...layers, ...layers];
