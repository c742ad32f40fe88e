/**
 * Builds an app: its schema, which of its routes can be offloaded, and the functions that run them.
 *
 * @module
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { MANIFEST_FILE, type Manifest } from "../manifest.ts"
import { BuildCache, hashOf, toolchainHash, writeWhole } from "./build-cache.ts"
import { BuildError } from "./build-error.ts"

/** What {@link buildApp} takes. */
export interface BuildOptions {
  /** The module whose default export is the Hono app. */
  appFile: string
  /** Build directory. Default: `.hono-faasm`. */
  outDir?: string
  /** Name of the app and its functions. Default: from the nearest package.json, else the folder. */
  appName?: string
  /** Faasm user that owns the functions. Default: `hono`. */
  user?: string
  /** One function for all routes of the app, which is the default, or one per route. */
  split?: "app" | "route"
  /** `dev`, the default, builds faster; `upload` makes functions that run faster. */
  optimise?: "dev" | "upload"
  /** Where routes run, whatever the build finds, by method and path: `{ "GET /health": "local" }`. */
  overrides?: Record<string, "local" | "offload">
  /** Memory of a function, in bytes. Default: 24 MiB. */
  memory?: number
  /** Directory of the app's published schema, whose lock file keeps field numbers. Default: `proto`. */
  schemaDir?: string
  /** Is told of each step and of warnings. */
  onProgress?: (message: string) => void
}

/**
 * Builds an app into a directory. The same sources give the same functions, and building again what has not
 * changed takes a moment.
 *
 * @returns the manifest, which is also in the directory
 * @throws {@link BuildError}; what schema generation throws
 */
export async function buildApp(options: BuildOptions): Promise<Manifest> {
  const outDir = resolve(options.outDir ?? ".hono-faasm")
  const appFile = resolve(options.appFile)
  const cache = openCache(outDir)
  const key = buildKey(options)
  if (cache.isCurrent(key)) {
    options.onProgress?.("nothing has changed")
    return readManifest(outDir)!
  }
  // Loaded only now: the TypeScript compiler alone takes longer than the rest of a build without changes.
  const { makeBuild } = await import("./make-build.ts")
  const { manifest, schema, functions, inputs } = await makeBuild(
    appFile,
    cache.dir,
    options,
    (parts, pack) => cache.packed(parts, pack),
  )
  removeOld(outDir, readManifest(outDir), manifest)
  for (const { file, wasm } of functions) writeWhole(join(outDir, file), wasm)
  writeWhole(join(outDir, manifest.schema), schema)
  writeWhole(join(outDir, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`)
  cache.record(key, inputs, [MANIFEST_FILE, manifest.schema, ...functions.map(({ file }) => file)])
  return manifest
}

function openCache(outDir: string): BuildCache {
  try {
    mkdirSync(outDir, { recursive: true })
    return new BuildCache(outDir)
  } catch (cause) {
    throw new BuildError("directory", `can't write to ${outDir}: ${(cause as Error).message}`, { cause })
  }
}

function buildKey({ onProgress: _, ...options }: BuildOptions): string {
  const entries = Object.entries({ ...options, cwd: process.cwd() }).sort(([a], [b]) => (a < b ? -1 : 1))
  return hashOf([toolchainHash(), JSON.stringify(entries)])
}

function readManifest(outDir: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(outDir, MANIFEST_FILE), "utf8"))
  } catch {
    return undefined
  }
}

/** Removes functions that this build no longer has. */
function removeOld(outDir: string, old: Manifest | undefined, { functions }: Manifest): void {
  const kept = new Set(functions.map(({ file }) => file))
  for (const { file } of old?.functions ?? []) {
    if (!kept.has(file)) rmSync(join(outDir, file), { force: true })
  }
}
