import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["source", "node", "import", "default"] } },
  resolve: { conditions: ["source", "node", "import", "default"] },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/browser/**", "test/interop/**"],
    reporters: ["default", "./scripts/closing-line-reporter.ts"],
    testTimeout: 120_000,
    pool: "forks",
  },
});
