import { wasmBackend } from "../../codegen/wasm/wasm-engine.ts";
import { x64Backend } from "../../codegen/x64/x64-engine.ts";
import { VintnerError } from "../../common/errors.ts";
import type { Backend, Engine } from "../../kernel/engine.ts";
import { interpreterBackend } from "../../kernel/interpreter-engine.ts";

/** The kinds of code that there are, best first. */
const backends: readonly Backend[] = [x64Backend, wasmBackend, interpreterBackend];

/** The names of all targets, best first. */
export const targetNames: readonly string[] = backends.flatMap((b) => b.targets);

/** What CPU_TARGET accepts beside AUTO: targets, and backends whose best target is meant. */
export const targetChoices: readonly string[] = [...new Set([...targetNames, ...backends.map((b) => b.name)])];

/** The targets that run on this machine, best first. */
export const availableTargets = (): string[] => backends.flatMap((b) => b.available());

/** OpenVINO's word for what the best target is made for. */
export const architecture = (): string => backendOf(availableTargets()[0]).architecture;

const backendOf = (target: string): Backend => backends.find((b) => b.targets.includes(target)) as Backend;

/** The target that a value of CPU_TARGET means here; without a value the best. Throws DEVICE where the machine cannot run it. */
export function selectTarget(wanted: string | undefined): string {
  const available = availableTargets();
  const family = backends.find((b) => b.name === wanted);
  const found = wanted === undefined || wanted === "" ? available[0] : family ? family.available()[0] : available.find((t) => t === wanted);
  if (found !== undefined) return found;
  throw new VintnerError("DEVICE", {
    what: `this machine cannot run CPU_TARGET ${wanted}`,
    expected: `one of ${available.join(", ")}`,
    hint: "Leave CPU_TARGET away to use the best",
  });
}

/** An engine on a target, with threads for so many runs at the same time. */
export const createEngine = (target: string, threads: number, runs = 1): Engine =>
  backendOf(target).createEngine(target, { threads, runs });

/** Runs that engines on a target can have at the same time. */
export const runsAtATime = (target: string): number => backendOf(target).mostRuns;
