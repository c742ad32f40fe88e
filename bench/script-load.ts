import { readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bundleApp } from "../src/faaslet/bundle.ts"
import { engineModule, type Optimise } from "../src/faaslet/engine.ts"
import { engineCacheDir } from "../src/faaslet/engine-cache.ts"
import { GuestInstance } from "../src/faaslet/guest-instance.ts"
import { loadBytecode, type PackOptions, startGuest } from "../src/faaslet/pack.ts"
import { MANIFEST_FILE, type Manifest } from "../src/manifest.ts"

/** What each call of a function would begin with if there were no snapshot, in microseconds. */
export interface ScriptLoad {
  /** Starting the engine. */
  engine: number[]
  /** Parsing the script; a function could be shipped with the outcome. */
  parse: number[]
  /** Running it. */
  load: number[]
}

/** The schema of a build, as its functions have it. */
export async function readSchema(build: string): Promise<PackOptions["schema"]> {
  const manifest: Manifest = JSON.parse(await readFile(join(build, MANIFEST_FILE), "utf8"))
  return {
    fileSet: new Uint8Array(await readFile(join(build, manifest.schema))),
    hash: manifest.schemaHash,
    routes: manifest.routes.map(({ index, request, response }) => ({ index, request, response })),
  }
}

/** Starts an app's function the way that a snapshot saves: engine, glue and schema, then the app's script. */
export async function measureScriptLoad(
  appFile: string,
  schema: PackOptions["schema"],
  optimise: Optimise,
  repeats: number,
): Promise<ScriptLoad> {
  const { code } = await bundleApp({ appFile })
  const module = await WebAssembly.compile(
    new Uint8Array(await engineModule(optimise, engineCacheDir(tmpdir()))),
  )
  const times: ScriptLoad = { engine: [], parse: [], load: [] }
  for (let i = 0; i < repeats; i++) {
    const compiler = new GuestInstance(module)
    const bytecode = timed(times.parse, () => compiler.compile(code, "app.js"))
    const guest = timed(times.engine, () => startGuest(module, schema))
    timed(times.load, () => loadBytecode(guest, bytecode))
  }
  return times
}

function timed<T>(times: number[], run: () => T): T {
  const start = performance.now()
  const result = run()
  times.push((performance.now() - start) * 1000)
  return result
}
