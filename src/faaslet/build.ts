/**
 * Builds an app: its schema, which of its routes can be offloaded, and the functions that run them.
 *
 * @module
 */
import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { MANIFEST_FILE, type Manifest, type ManifestFunction, type ManifestRoute } from "../manifest.ts"
import { type AppSchema, generateSchema } from "../schema/index.ts"
import { readAppRoutes } from "./app-routes.ts"
import { BuildCache, hashOf, toolchainHash, writeWhole } from "./build-cache.ts"
import { BuildError } from "./build-error.ts"
import { type Bundle, bundleApp } from "./bundle.ts"
import { packFaaslet } from "./pack.ts"
import { PackError } from "./pack-error.ts"
import { planRoutes } from "./plan-routes.ts"

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

/** Name of the schema within the build directory. */
const SCHEMA_FILE = "schema.binpb"

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
  options.onProgress?.("reading the handlers' types")
  const bundling = bundleApp({ appFile })
  // Its failure is seen below, after the schema's if that fails too.
  bundling.catch(() => {})
  const schema = await generateSchema({
    appFile,
    appName: options.appName,
    dir: resolve(options.schemaDir ?? "proto"),
  })
  for (const { message } of schema.diagnostics) options.onProgress?.(message)
  const bundle = await bundling
  const { routes, functions } = await packAll(schema, bundle, cache, options)
  const manifest: Manifest = {
    format: 1,
    app: schema.app,
    user: options.user ?? "hono",
    schemaHash: schema.hash,
    schema: SCHEMA_FILE,
    functions: functions.map(({ fn }) => fn),
    routes,
  }
  removeOld(outDir, readManifest(outDir), manifest)
  for (const { fn, wasm } of functions) writeWhole(join(outDir, fn.file), wasm)
  writeWhole(join(outDir, SCHEMA_FILE), schema.fileSet)
  writeWhole(join(outDir, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`)
  const inputs = [...bundle.inputs, ...schemaInputs(schema, appFile, options)]
  cache.record(key, inputs, [MANIFEST_FILE, SCHEMA_FILE, ...manifest.functions.map(({ file }) => file)])
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

interface PackedFunction {
  fn: ManifestFunction
  wasm: Uint8Array
}

async function packAll(
  schema: AppSchema,
  bundle: Bundle,
  cache: BuildCache,
  options: BuildOptions,
): Promise<{ routes: ManifestRoute[]; functions: PackedFunction[] }> {
  const optimise = options.optimise ?? "dev"
  options.onProgress?.("loading the app in the guest (the first time, the engine is compiled)")
  const rows = await loadError(() => readAppRoutes(bundle.code, optimise, cache.dir))
  const routes = planRoutes(schema, rows, options)
  const functions: PackedFunction[] = []
  for (const [name, held] of functionsOf(schema.app, routes, options.split ?? "app")) {
    const tables = held.map(({ index, request, response }) => ({ index, request, response }))
    const { fileSet, hash } = schema
    const parts = [
      bundle.code,
      fileSet,
      hash,
      JSON.stringify([name, tables, optimise, options.memory]),
      toolchainHash(),
    ]
    const wasm = await cache.packed(parts, async () => {
      options.onProgress?.(`packing ${name} (${held.length} routes)`)
      const { memory } = options
      const packed = await loadError(() =>
        packFaaslet({
          bundle: bundle.code,
          schema: { fileSet, hash, routes: tables },
          optimise,
          memory,
          name,
          cacheDir: cache.dir,
        }),
      )
      for (const line of packed.log.split("\n").filter(Boolean)) options.onProgress?.(`the app says: ${line}`)
      return packed.wasm
    })
    for (const route of held) route.function = name
    const indices = held.map(({ index }) => index)
    functions.push({
      fn: {
        name,
        file: `${name}.wasm`,
        bytes: wasm.length,
        sha256: createHash("sha256").update(wasm).digest("hex"),
        routes: indices,
      },
      wasm,
    })
  }
  return { routes, functions }
}

/** The functions by name, with the routes that each holds. */
function functionsOf(
  app: string,
  routes: ManifestRoute[],
  split: "app" | "route",
): [string, ManifestRoute[]][] {
  const offloaded = routes.filter((route) => route.local === undefined)
  if (split === "route") return offloaded.map((route) => [`${app}-${kebab(route.rpc)}`, [route]])
  return offloaded.length > 0 ? [[app, offloaded]] : []
}

const kebab = (name: string): string => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase()

/** Tells an app that does not load in the guest from a fault of the toolchain. */
async function loadError<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if (!(cause instanceof PackError) || (cause.code !== "bundle" && cause.code !== "memory")) throw cause
    throw new BuildError("load_failed", `the app can't be loaded in a function: ${cause.message}`, { cause })
  }
}

/** The files that the schema and the analysis were made of. */
function schemaInputs(
  { program }: AppSchema,
  appFile: string,
  { schemaDir = "proto" }: BuildOptions,
): string[] {
  const files = program.getSourceFiles().map(({ fileName }) => fileName)
  const config = program.getCompilerOptions().configFilePath
  if (typeof config === "string") files.push(config)
  for (let dir = dirname(appFile); dirname(dir) !== dir; dir = dirname(dir)) {
    files.push(join(dir, "package.json"), join(dir, "tsconfig.json"))
  }
  for (const name of listFiles(resolve(schemaDir))) if (name.endsWith(".json")) files.push(name)
  return files
}

function listFiles(dir: string): string[] {
  try {
    return readdirSync(dir, { recursive: true, encoding: "utf8" }).map((name) => join(dir, name))
  } catch {
    // There is no published schema yet.
    return []
  }
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
