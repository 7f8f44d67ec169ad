import { defineConfig } from "vitest/config";

const conditions = ["source", "node", "import", "default"];
/** What `npm test` leaves to test:browser and test:interop, which need more than Node. */
const special = process.env["VINTNER_TESTS"];

export default defineConfig({
  ssr: { resolve: { conditions } },
  resolve: { conditions },
  test: {
    include: special ? [`test/${special}/**/*.test.ts`] : ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: special ? [] : ["test/browser/**", "test/interop/**"],
    reporters: ["default", "./scripts/closing-line-reporter.ts"],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: "forks",
  },
});
