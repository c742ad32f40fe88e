import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { buildApp } from "../../src/faaslet/index.ts"
import { type GatewayEvent, type Offloaded, offload } from "../../src/gateway/index.ts"
import type { AnyHono } from "../../src/gateway/rebuild.ts"
import type { Manifest } from "../../src/manifest.ts"
import { startRuntime } from "../../src/runtime/index.ts"

/** An app, natively and as gateways to the same functions. */
export interface Subject {
  native: AnyHono
  /** By the channel. */
  rpc: Offloaded<AnyHono>
  /** By the planner's dialect only. */
  planner: Offloaded<AnyHono>
  manifest: Manifest
  /** The build's directory. */
  build: string
  /** The runtime. */
  url: string
  /** What the gateways logged since the last call. */
  takeEvents(): GatewayEvent[]
  close(): Promise<void>
}

/** Builds an app's functions, uploads them to a runtime of its own and starts gateways. */
export async function startSubject(file: string, split?: "route"): Promise<Subject> {
  const appFile = fileURLToPath(new URL(file, import.meta.url))
  const native: AnyHono = (await import(appFile)).default
  const build = await mkdtemp(join(tmpdir(), "hono-faasm-differential-"))
  const manifest = await buildApp({ appFile, outDir: build, schemaDir: join(build, "proto"), split })
  const runtime = await startRuntime({ slots: 2, log: () => {} })
  for (const { name, file: wasm } of manifest.functions) {
    await runtime.upload(manifest.user, name, await readFile(join(build, wasm)))
  }
  const events: GatewayEvent[] = []
  const log = (event: GatewayEvent) => events.push(event)
  const rpc = offload(native, { build, rpc: runtime.url, log })
  const planner = offload(native, { build, planner: runtime.url, log })
  return {
    native,
    rpc,
    planner,
    manifest,
    build,
    url: runtime.url,
    takeEvents: () => events.splice(0),
    async close() {
      await Promise.all([rpc.gateway.close(), planner.gateway.close()])
      await runtime.close(0)
      await rm(build, { recursive: true, force: true })
    },
  }
}
