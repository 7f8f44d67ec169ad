import { defineConfig } from "vitest/config";

const conditions = ["source", "node", "import", "default"];
/** Modes whose tests need something else than Node alone: `vitest run --mode browser`. `npm test` leaves them out. */
const special = ["browser", "interop", "wasm"];
/** What else a mode runs. */
const shared: Readonly<Record<string, readonly string[]>> = { wasm: ["src/codegen/wasm/**/*.test.ts"] };

/** V8's flags, which nothing sets while it runs: Node.js 20 knows relaxed SIMD, but only where it is asked for. */
const flags = ["--expose-gc", ...(process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : [])];

export default defineConfig(({ mode }) => ({
  ssr: { resolve: { conditions } },
  resolve: { conditions },
  test: {
    include: special.includes(mode) ? [`test/${mode}/**/*.test.ts`, ...(shared[mode] ?? [])] : ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: special.includes(mode) ? [] : special.map((s) => `test/${s}/**`),
    reporters: ["default", "./scripts/closing-line-reporter.ts"],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: "forks",
    execArgv: [...flags, ...(mode === "wasm" ? ["--import", "./test/support/hide-koffi.mjs"] : [])],
  },
}));
