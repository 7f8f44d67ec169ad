import type { IndexDefinition, IndexExpression, Kernel, KernelBuffer, MemoryElement, Register, Statement } from "./kernel.ts";

/** A kernel as nested text, for people and for golden tests: buffers first, then one statement a line. */
export function printKernel(kernel: Kernel): string {
  const lines = [`kernel "${kernel.name}" tasks ${kernel.tasks}${kernel.flops > 0 ? ` flops ${kernel.flops}` : ""}`];
  for (const b of [...kernel.buffers, ...kernel.scratch]) lines.push(`  ${b.access} ${b.name}: ${b.element}[${b.length}]`);
  lines.push(`  task ${kernel.task.name}`);
  printBlock(kernel.body, "  ", lines);
  return `${lines.join("\n")}\n`;
}

function printBlock(statements: readonly Statement[], indent: string, lines: string[]): void {
  for (const s of statements)
    switch (s.kind) {
      case "for":
        lines.push(
          `${indent}for ${s.variable.name} = ${printIndex(s.begin)} to ${printIndex(s.end)}${s.step === 1 ? "" : ` by ${s.step}`}`,
        );
        printBlock(s.body, `${indent}  `, lines);
        break;
      case "if":
        lines.push(`${indent}if ${printIndex(s.nonNegative)} >= 0`);
        printBlock(s.then, `${indent}  `, lines);
        if (s.otherwise.length > 0) {
          lines.push(`${indent}else`);
          printBlock(s.otherwise, `${indent}  `, lines);
        }
        break;
      default:
        lines.push(`${indent}${printSimpleStatement(s)}`);
    }
}

/** A statement that holds no others, on one line. */
export function printSimpleStatement(s: Exclude<Statement, { kind: "for" | "if" }>): string {
  switch (s.kind) {
    case "index":
      return `${s.variable.name} = ${printDefinition(s.definition)}`;
    case "load": {
      const how = s.broadcast ? "broadcast " : s.count < s.target.lanes ? `load:${s.count} ` : "load ";
      return `${printTarget(s.target)} = ${how}${printPlace(s)}`;
    }
    case "store": {
      const how = `store${s.count < s.value.lanes ? `:${s.count}` : ""}${s.saturate ? " saturated" : ""}`;
      return `${how} ${printPlace(s)} = ${printRegister(s.value)}`;
    }
    case "gather":
      return `${printTarget(s.target)} = gather ${printPlace({ ...s, index: s.base })} + clamp(${printRegister(s.offsets)}, 0, ${s.most})`;
    case "constant":
      return `${printTarget(s.target)} = ${Object.is(s.value, -0) ? "-0" : s.value}`;
    case "compute": {
      const operands = s.operands.map(printRegister).join(", ");
      const table = s.table === undefined ? "" : `, [${s.table.map((b) => (b < 0 ? "-" : b)).join(" ")}]`;
      return `${printTarget(s.target)} = ${s.op} ${operands}${s.immediate === undefined ? "" : `, ${s.immediate}`}${table}`;
    }
    case "assign":
      return `${printTarget(s.target)} = ${printRegister(s.value)}`;
  }
}

function printDefinition(d: IndexDefinition): string {
  switch (d.op) {
    case "divide":
      return `${printDividend(d.a)} / ${d.by}`;
    case "modulo":
      return `${printDividend(d.a)} % ${d.by}`;
    case "min":
    case "max":
      return `${d.op}(${printIndex(d.a)}, ${printIndex(d.b)})`;
    case "load":
      return `clamp(${printPlace(d)}, ${d.least}, ${d.most})`;
  }
}

/** `x[i1 + 2]`, with what is moved where that is not the buffer's element: `x[i1 + 2] as i32`. */
const printPlace = ({
  buffer,
  index,
  element,
}: {
  readonly buffer: KernelBuffer;
  readonly index: IndexExpression;
  readonly element: MemoryElement;
}): string => `${buffer.name}[${printIndex(index)}]${element === buffer.element ? "" : ` as ${element}`}`;

function printDividend(index: IndexExpression): string {
  const text = printIndex(index);
  return text.includes(" ") ? `(${text})` : text;
}

/** An index as `2*i1 - j2 + 3`. */
export function printIndex({ constant, terms }: IndexExpression): string {
  let text = "";
  for (const { variable, factor } of terms) {
    const magnitude = Math.abs(factor) === 1 ? variable.name : `${Math.abs(factor)}*${variable.name}`;
    text += text === "" ? (factor < 0 ? `-${magnitude}` : magnitude) : ` ${factor < 0 ? "-" : "+"} ${magnitude}`;
  }
  if (text === "") return `${constant}`;
  return constant === 0 ? text : `${text} ${constant < 0 ? "-" : "+"} ${Math.abs(constant)}`;
}

/** `v7`; mutable ones `m7`, scalars `s7`. */
const printRegister = (r: Register): string => `${r.mutable ? "m" : r.lanes === 1 ? "s" : "v"}${r.id}`;

/** A register where it is set, with its type: `v7:f32x4`. */
const printTarget = (r: Register): string => `${printRegister(r)}:${r.element}x${r.lanes}`;
