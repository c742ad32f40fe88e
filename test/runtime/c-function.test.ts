import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ErrorKind } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { type Runtime, startRuntime } from "../../src/runtime/index.ts"
import { call, output } from "./calling.ts"

/** What Debian's packages clang, lld, wasi-libc and libclang-rt-dev-wasm32 bring. */
function toolchain(): boolean {
  if (!existsSync("/usr/lib/wasm32-wasi/crt1-command.o")) return false
  try {
    execFileSync("clang", ["--version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

const installed = toolchain()
if (!installed)
  console.warn("C functions are not tested: install clang, lld, wasi-libc and libclang-rt-dev-wasm32")

describe.skipIf(!installed)("a C program from clang and wasi-libc", () => {
  let runtime: Runtime
  let directory: string
  const logged: string[] = []

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "hono-faasm-c-"))
    runtime = await startRuntime({ slots: 1, log: (line) => logged.push(line) })
    await runtime.upload("demo", "growing", compile("growing.wasm"))
    await runtime.upload(
      "demo",
      "fixed",
      compile("fixed.wasm", "--initial-memory=1048576", "--max-memory=1048576"),
    )
  })
  afterAll(async () => {
    await runtime?.close(0)
    rmSync(directory, { recursive: true, force: true })
  })

  function compile(file: string, ...linker: string[]): Uint8Array {
    const path = join(directory, file)
    const source = new URL("./fixtures/echo.c", import.meta.url).pathname
    const flags = linker.map((flag) => `-Wl,${flag}`)
    execFileSync("clang", ["--target=wasm32-wasi", "-O2", ...flags, "-o", path, source], { stdio: "pipe" })
    return readFileSync(path)
  }

  test.each(["growing", "fixed"])("answers, prints and forgets: memory that is %s", async (name) => {
    logged.length = 0
    for (const input of ["first", "", "ünïcode", "x".repeat(200_000)])
      expect(output(await call(runtime.invoker, name, input))).toBe(input)
    await expect
      .poll(() => logged.filter((line) => line.includes("call")))
      .toEqual([5, 0, 9, 200_000].map((size) => `[demo/${name}] function.wasm call 1 has ${size} bytes`))
  })

  test.each(["growing", "fixed"])("ends by its exit code or a trap: memory that is %s", async (name) => {
    expect((await call(runtime.invoker, name, "exit")).error).toMatchObject({
      kind: ErrorKind.TRAP,
      exitCode: 7,
    })
    expect((await call(runtime.invoker, name, "abort")).error?.message).toMatch(/unreachable/)
    expect(output(await call(runtime.invoker, name, "again"))).toBe("again")
  })

  test("has no more than its memory", async () => {
    const { error } = await call(runtime.invoker, "fixed", Buffer.alloc(2_000_000, "x"))
    expect(error).toMatchObject({ kind: ErrorKind.TRAP, exitCode: 2 })
  })
})
