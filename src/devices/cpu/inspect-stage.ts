import { VintnerError } from "../../common/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { printKernel } from "../../kernel/print-kernel.ts";
import { formatScalar } from "../../model/scalar-expression.ts";
import type { Stage } from "../device.ts";
import type { CpuExecutable } from "./cpu-executable.ts";
import type { CpuProgram } from "./program.ts";
import type { SplitModel } from "../../lowering/split-model.ts";
import { viewsOf } from "../../lowering/lowered-step.ts";
import type { View } from "../../lowering/view.ts";

const printView = (v: View): string =>
  `${v.element}[${v.shape}] in ${v.block.kind} ${v.block.id}${v.offset > 0 ? `+${v.offset}` : ""} strides [${v.strides}]`;

/** A stage of a compiled model of static shapes as text. */
export function inspectStage(executable: CpuExecutable, stage: Stage): string {
  if (!executable.isStatic)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "stages behind the optimized model need static input shapes",
      got: executable.model.inputs.map((i) => `"${i.anyName}" ${i.partialShape}`).join(", "),
      hint: "Give --shape",
    });
  const { program, next } = executable.segment(executable.model.inputs.map((i) => i.shape));
  const text = printStage(executable, program, stage);
  return next === undefined ? text : [text, "", ...printBehind(next.split)].join("\n");
}

/** What stands behind the first segment: it is compiled when its shapes have come out, and has no stages before. */
const printBehind = ({ breaks, borders, rest }: SplitModel): string[] => [
  ...breaks.map(({ node }) => `then host ${node.where}, which tells ${node.outputs.map(String).join(", ")}`),
  ...borders.filter((b) => b.isValue).map(({ output }) => `then the elements of "${output.anyName}" ${output}, which decide shapes`),
  ...(rest === undefined
    ? []
    : [`then, compiled for the shapes that come out, ${rest.nodes().filter((n) => n.op.role === undefined).length} operations`]),
];

function printStage({ engine }: CpuExecutable, program: CpuProgram, stage: Stage): string {
  switch (stage) {
    case "lowered":
      return printLowered(program);
    case "plan":
      return printPlan(program);
    case "kernels":
      return kernelsOf(program).map(printKernel).join("\n\n");
    case "asm":
      return kernelsOf(program)
        .map((k) => `; ${k.name}\n${engine.disassemble(k)}`)
        .join("\n\n");
  }
}

function kernelsOf(program: CpuProgram): Kernel[] {
  const kernels = new Map<string, Kernel>();
  for (const step of program.lowered.steps) if (step.kind === "kernel") kernels.set(step.kernel.key, step.kernel);
  return [...kernels.values()];
}

function printLowered({ lowered, barriers }: CpuProgram): string {
  const groups = lowered.groups.map((g) => {
    const names = g.nodes.map((n) => `${n.type} "${n.friendlyName}"`).join(", ");
    return `group ${names}${g.expression ? `\n  ${g.anchor ? "epilogue" : "expression"} ${formatScalar(g.expression)}` : ""}`;
  });
  const steps = lowered.steps.map((s, i) => {
    const views = viewsOf(s);
    const title = s.kind === "kernel" ? `${s.kernel.name}, ${s.kernel.tasks} tasks` : `host ${s.node.where}`;
    return `step ${i}${barriers[i] ? " after a barrier" : ""}: ${title}\n${views.map((v) => `  ${printView(v)}`).join("\n")}`;
  });
  return [...groups, "", ...steps].join("\n");
}

function printPlan({ plan, lowered }: CpuProgram): string {
  const rows = [...plan.offsets]
    .toSorted((a, b) => a[1] - b[1] || a[0].id - b[0].id)
    .map(([block, offset]) => {
      const { first, last } = plan.lifetimes.get(block) as { first: number; last: number };
      return `${String(offset).padStart(10)} ${String(block.byteLength).padStart(10)} bytes  ${first < 0 ? "always" : `steps ${first} to ${last}`}  ${block.name}`;
    });
  const constants = new Map(
    lowered.steps
      .flatMap(viewsOf)
      .filter((v) => v.block.kind === "constant")
      .map((v) => [v.block, v.block.byteLength]),
  );
  return [`arena of ${plan.byteLength} bytes, constants of ${[...constants.values()].reduce((a, b) => a + b, 0)} bytes`, ...rows].join(
    "\n",
  );
}
