import { createServer, type Server } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpz } from "../../src/formats/npy/npz.ts";

const shared = resolve(import.meta.dirname, "../../../shared");
const executable = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const missing = !existsSync(executable)
  ? "no Chromium on this machine"
  : !existsSync(join(shared, "models/onnx_detect"))
    ? "no shared models"
    : undefined;

const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

describe.skipIf(missing)(`vintner, bundled by Vite, in a Chromium page${missing ? ` (skipped: ${missing})` : ""}`, () => {
  let server: Server;
  let browser: Browser;
  let folder: string;
  let isolated = true;
  const expected = missing ? new Map() : readNpz(readFileSync(join(shared, "models/expected/onnx_detect__yunet_n_320_320.onnx.npz")));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vintner-page-"));
    await build({
      root: resolve(import.meta.dirname, "page"),
      base: "./",
      logLevel: "error",
      build: { outDir: folder, emptyOutDir: true, target: "es2022" },
    });
    server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://localhost").pathname;
      if (isolated) {
        response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
        response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
      }
      const body =
        path === "/yunet.onnx"
          ? readFileSync(join(shared, "models/onnx_detect/yunet_n_320_320.onnx"))
          : path === "/input.bin"
            ? Buffer.from(expected.get("input_0").bytes)
            : existsSync(join(folder, path === "/" ? "index.html" : path))
              ? readFileSync(join(folder, path === "/" ? "index.html" : path))
              : undefined;
      response.statusCode = body ? 200 : 404;
      response.setHeader("Content-Type", types[extname(path === "/" ? "index.html" : path)] ?? "application/octet-stream");
      response.end(body);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    browser = await chromium.launch({
      executablePath: executable,
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => "vintnerPage" in globalThis);
    return page;
  }

  type PageApi = {
    vintnerPage: {
      detect: (
        ...args: unknown[]
      ) => Promise<{ target: string; threads: number; outputs: Record<string, { shape: number[]; data: number[] }> }>;
      failure: (bytes: number[]) => Promise<string>;
    };
  };
  const detect = (page: Page, config: Record<string, string | number>) =>
    page.evaluate((c) => (globalThis as unknown as PageApi).vintnerPage.detect("yunet.onnx", "input.bin", [1, 3, 320, 320], c), config);

  function compare(outputs: Record<string, { shape: number[]; data: number[] }>): void {
    expect(Object.keys(outputs)).toHaveLength(12);
    for (const [i, { shape, data }] of Object.values(outputs).entries()) {
      const want = expected.get(`output_${i}`);
      expect(shape).toEqual([...want.shape]);
      const values = Array.from(want.data as Float32Array);
      const range = Math.max(...values) - Math.min(...values);
      expect(Math.max(...values.map((v, j) => Math.abs(v - data[j])))).toBeLessThanOrEqual(1e-4 * range);
    }
  }

  it("converts and runs YuNet with threads where the page is cross-origin isolated", async () => {
    isolated = true;
    const page = await open();
    const result = await detect(page, { INFERENCE_NUM_THREADS: 2 });
    expect(result.target).toMatch(/^wasm-/);
    expect(result.threads).toBe(2);
    compare(result.outputs);
    await page.close();
  });

  it("runs on one thread where it is not", async () => {
    isolated = false;
    const page = await open();
    const result = await detect(page, {});
    expect(result.threads).toBe(1);
    compare(result.outputs);
    await page.close();
  });

  it("gives the same typed errors as in Node", async () => {
    const page = await open();
    const message = await page.evaluate((bytes) => (globalThis as unknown as PageApi).vintnerPage.failure(bytes), [8, 8, 255, 1, 2, 3]);
    expect(message).toMatch(/^(FORMAT|INVALID_ARGUMENT|UNSUPPORTED): /);
    await page.close();
  });
});
