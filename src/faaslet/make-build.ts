import { createHash } from "node:crypto"
import { readdirSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import type { Manifest, ManifestFunction, ManifestRoute } from "../manifest.ts"
import { type AppSchema, generateSchema } from "../schema/index.ts"
import { readAppRoutes } from "./app-routes.ts"
import type { BuildOptions } from "./build.ts"
import { toolchainHash } from "./build-cache.ts"
import { BuildError } from "./build-error.ts"
import { type Bundle, bundleApp } from "./bundle.ts"
import { engineCacheDir } from "./engine-cache.ts"
import { packFaaslet } from "./pack.ts"
import { PackError } from "./pack-error.ts"
import { planRoutes } from "./plan-routes.ts"

/** A build that is not written yet. */
export interface MadeBuild {
  manifest: Manifest
  /** Content of {@link Manifest.schema}. */
  schema: Uint8Array
  /** Contents of the functions' files. */
  functions: { file: string; wasm: Uint8Array }[]
  /** Absolute paths of all files that it was made of, and of some whose appearing would change it. */
  inputs: string[]
}

/** Gives the wasm that was packed earlier from the same parts, or packs it. */
export type PackOnce = (
  parts: readonly (string | Uint8Array)[],
  pack: () => Promise<Uint8Array>,
) => Promise<Uint8Array>

/**
 * Makes a build.
 *
 * @param cacheDir - where the engine is kept if there is no better place
 * @throws {@link BuildError}; what schema generation throws
 */
export async function makeBuild(
  appFile: string,
  cacheDir: string,
  options: BuildOptions,
  packOnce: PackOnce,
): Promise<MadeBuild> {
  const bundle = await bundleApp({ appFile })
  options.onProgress?.("reading the handlers' types")
  const schema = generateSchema({
    appFile,
    appName: options.appName,
    dir: resolve(options.schemaDir ?? "proto"),
  })
  for (const { message } of schema.diagnostics) options.onProgress?.(message)
  const maker = new FunctionMaker(schema, bundle, engineCacheDir(cacheDir), options, packOnce)
  const routes = await maker.planRoutes()
  const functions: { fn: ManifestFunction; wasm: Uint8Array }[] = []
  for (const [name, held] of functionsOf(schema.app, routes, options.split ?? "app")) {
    const wasm = await maker.make(name, held)
    const sha256 = createHash("sha256").update(wasm).digest("hex")
    const fn = {
      name,
      file: `${name}.wasm`,
      bytes: wasm.length,
      sha256,
      routes: held.map(({ index }) => index),
    }
    for (const route of held) route.function = name
    functions.push({ fn, wasm })
  }
  const manifest: Manifest = {
    format: 1,
    app: schema.app,
    user: options.user ?? "hono",
    schemaHash: schema.hash,
    schema: "schema.binpb",
    functions: functions.map(({ fn }) => fn),
    routes,
  }
  return {
    manifest,
    schema: schema.fileSet,
    functions: functions.map(({ fn, wasm }) => ({ file: fn.file, wasm })),
    inputs: [...bundle.inputs, ...schemaInputs(schema, appFile, options)],
  }
}

/** Makes the functions of one app. */
class FunctionMaker {
  readonly #schema: AppSchema
  readonly #bundle: Bundle
  readonly #engineDir: string
  readonly #options: BuildOptions
  readonly #packOnce: PackOnce

  constructor(
    schema: AppSchema,
    bundle: Bundle,
    engineDir: string,
    options: BuildOptions,
    packOnce: PackOnce,
  ) {
    this.#schema = schema
    this.#bundle = bundle
    this.#engineDir = engineDir
    this.#options = options
    this.#packOnce = packOnce
  }

  async planRoutes(): Promise<ManifestRoute[]> {
    this.#options.onProgress?.("loading the app in the guest (the first time, the engine is compiled)")
    const rows = await loadError(() => readAppRoutes(this.#bundle.code, this.#optimise, this.#engineDir))
    return planRoutes(this.#schema, rows, this.#options)
  }

  async make(name: string, held: readonly ManifestRoute[]): Promise<Uint8Array> {
    const { memory, onProgress } = this.#options
    const { fileSet, hash } = this.#schema
    const routes = held.map(({ index, request, response }) => ({ index, request, response }))
    const settings = JSON.stringify([name, hash, routes, this.#optimise, memory])
    return this.#packOnce([toolchainHash(), this.#bundle.code, fileSet, settings], async () => {
      onProgress?.(`packing ${name} (${held.length} routes)`)
      const { wasm, log } = await loadError(() =>
        packFaaslet({
          bundle: this.#bundle.code,
          schema: { fileSet, hash, routes },
          optimise: this.#optimise,
          memory,
          name,
          cacheDir: this.#engineDir,
        }),
      )
      for (const line of log.split("\n").filter(Boolean)) onProgress?.(`the app says: ${line}`)
      return wasm
    })
  }

  get #optimise(): "dev" | "upload" {
    return this.#options.optimise ?? "dev"
  }
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
