/**
 * The engine of every function: QuickJS and the guest's glue in one module, optimised. It does not depend on the
 * app, so it is built once and kept.
 *
 * @module
 */
import { createHash } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { runBinaryen } from "./binaryen-tool.ts"
import { cachedFile } from "./file-cache.ts"
import { compileGlue, readGlueSources } from "./glue.ts"
import { lowerSaturation } from "./saturation.ts"
import {
  EXTERNAL,
  findSection,
  readExports,
  readGlobals,
  readImports,
  readSections,
  SECTION,
  writeExports,
  writeSections,
} from "./wasm-binary.ts"

/** `dev`: quick to build. `upload`: quick to run. */
export type Optimise = "dev" | "upload"

// Raise it when the way the engine is made changes.
const RECIPE = "2"

/** Prefix of the exports that a snapshot reads the mutable globals through. */
export const GLOBAL_EXPORT = "global:"

const require = createRequire(import.meta.url)
const built = new Map<string, Promise<Uint8Array>>()

/**
 * The engine's module, from `cacheDir` when it is there. Exports all that the snapshot needs: the C functions of
 * quickjs.wasm, the glue's `initialise`, `attachApp` and `_start`, and every mutable global as `global:<index>`.
 *
 * Throws a PackError.
 */
export async function engineModule(optimise: Optimise, cacheDir: string | undefined): Promise<Uint8Array> {
  const sources = await readGlueSources()
  const quickJs = await readFile(require.resolve("quickjs-wasi/quickjs.wasm"))
  const hash = createHash("sha256").update(`${RECIPE} ${optimise}\n`)
  for (const tool of ["assemblyscript", "binaryen"]) {
    hash.update(`${tool} ${(require(`${tool}/package.json`) as { version: string }).version}\n`)
  }
  for (const [name, text] of sources) hash.update(`${name} ${text.length}\n${text}`)
  const key = hash.update(quickJs).digest("hex")
  let module = built.get(key)
  if (!module) {
    module = cachedFile(cacheDir, `engine-${key.slice(0, 32)}.wasm`, () => build(sources, quickJs, optimise))
    built.set(key, module)
    module.catch(() => built.delete(key))
  }
  return module
}

async function build(
  sources: Map<string, string>,
  quickJs: Uint8Array,
  optimise: Optimise,
): Promise<Uint8Array> {
  const dir = await mkdtemp(join(tmpdir(), "hono-faasm-"))
  try {
    const [glue, quick, merged, optimised] = ["glue", "quickjs", "merged", "optimised"].map((name) =>
      join(dir, `${name}.wasm`),
    ) as [string, string, string, string]
    const text = join(dir, "merged.wat")
    await writeFile(glue, await compileGlue(sources))
    await writeFile(quick, quickJs)
    // The glue is called env, so its host_* exports are what quickjs.wasm imports, and what the glue itself
    // imports from env (Faasm's functions) stays an import.
    await runBinaryen("wasm-merge", [glue, "env", quick, "quickjs", "-o", merged, "--skip-export-conflicts"])
    await runBinaryen("wasm-opt", [merged, "-S", "-o", text])
    await writeFile(text, lowerSaturation(await readFile(text, "utf8")))
    const level = optimise === "dev" ? "-O1" : "-O3"
    await runBinaryen("wasm-opt", [
      text,
      "-o",
      optimised,
      level,
      "--duplicate-import-elimination",
      "--strip-debug",
      "--strip-producers",
      "--strip-target-features",
    ])
    return exportMutableGlobals(await readFile(optimised))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function exportMutableGlobals(wasm: Uint8Array): Uint8Array {
  const sections = readSections(wasm)
  const imported = readImports(findSection(sections, SECTION.import)).filter(
    (entry) => entry.kind === EXTERNAL.global,
  ).length
  const exports = readExports(findSection(sections, SECTION.export))
  readGlobals(findSection(sections, SECTION.global)).forEach((global, at) => {
    const index = imported + at
    if (global.mutable) exports.push({ name: `${GLOBAL_EXPORT}${index}`, kind: EXTERNAL.global, index })
  })
  return writeSections(
    sections.map((section) =>
      section.id === SECTION.export ? { ...section, body: writeExports(exports) } : section,
    ),
  )
}
