import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hostShare, type Network, networks } from "./support/host-steps.ts";
import { modelsPresent } from "./support/model-cases.ts";

/** Host steps of each network as they were last recorded, by `bench/host-share.ts --json`. */
const recorded = JSON.parse(readFileSync(new URL("host-steps.json", import.meta.url), "utf8")) as Readonly<Record<string, number>>;

describe.skipIf(!modelsPresent)(`operations that run on the host${modelsPresent ? "" : " (skipped: ../shared/models is absent)"}`, () => {
  const present = networks().filter(({ name }) => name in recorded);
  const absent = Object.keys(recorded).map((name): Network => ({ name, path: "", inputs: () => [] }));
  test.each(modelsPresent ? present : absent)("$name has no more of them than it had", (network) => {
    const { hostSteps, types } = hostShare(network, 1);
    expect(hostSteps, `on the host: ${types.join(", ")}`).toBeLessThanOrEqual(recorded[network.name]);
  });
});
