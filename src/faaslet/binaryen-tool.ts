/**
 * Runs the command line tools of the `binaryen` package.
 *
 * @module
 */
import { execFile } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { PackError } from "./pack-error.ts"

const run = promisify(execFile)
const binaries = join(dirname(createRequire(import.meta.url).resolve("binaryen")), "bin")

/** What a function may use: what Faasm's compiler takes. Given to every tool, as "all features" means too much. */
const FEATURES = [
  "--mvp-features",
  "--enable-mutable-globals",
  "--enable-sign-ext",
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  // quickjs.wasm uses it; it is lowered.
  "--enable-nontrapping-float-to-int",
]

/** Runs `wasm-merge` or `wasm-opt` with the features that a function may use. Throws a PackError. */
export async function runBinaryen(tool: "wasm-merge" | "wasm-opt", args: string[]): Promise<void> {
  try {
    await run(process.execPath, [join(binaries, tool), ...args, ...FEATURES], { maxBuffer: 1 << 24 })
  } catch (error) {
    // Not given on as the cause: it carries the whole module as text.
    const output = String((error as { stderr?: string }).stderr || (error as Error).message).slice(0, 2000)
    throw new PackError("toolchain", `${tool} failed: ${output}`)
  }
}
