import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/global-setup.ts",
    pool: "forks",
    // Worker threads inherit it, so that they can load TypeScript as the tests do.
    execArgv: ["--import", "tsx"],
    // A test waits for what happens, however slow the machine is; these only end one that hangs.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
  },
})
