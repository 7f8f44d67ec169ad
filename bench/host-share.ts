import { VintnerError } from "../src/common/errors.ts";
import { hostShare, networks } from "../test/support/host-steps.ts";

/**
 * A table of what share of each network's time runs on the host, by the operations' definitions in JavaScript: for docs/performance.md.
 * `--json` prints the number of host steps of each network: for test/host-steps.json, whose numbers may only fall.
 */
/** V8 optimizes what runs on the host only once it has run often. */
const roundsUntilFast = 100;
const json = process.argv.includes("--json");
const steps: Record<string, number> = {};
if (!json) process.stdout.write("| network | steps | on the host | share of the time | operations |\n|---|---:|---:|---:|---|\n");
for (const network of networks())
  try {
    const share = hostShare(network, json ? 1 : roundsUntilFast);
    steps[network.name] = share.hostSteps;
    if (!json)
      process.stdout.write(
        `| ${network.name} | ${share.steps} | ${share.hostSteps} | ${(share.hostTime * 100).toFixed(1)} % | ${share.types.join(", ")} |\n`,
      );
  } catch (error) {
    if (!(error instanceof VintnerError)) throw error;
    if (!json) process.stdout.write(`| ${network.name} | | | | does not run: ${error.message.slice(0, 120)} |\n`);
  }
if (json) process.stdout.write(`${JSON.stringify(steps, undefined, 2)}\n`);
