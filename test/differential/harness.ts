import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { buildApp, uploadBuild } from "../../src/faaslet/index.ts"
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

/** A Faasm that runs already, given in the environment, to be tested in the embedded runtime's place. */
export const faasm = (() => {
  const { FAASM_RPC_URL: rpc, FAASM_PLANNER_URL: planner, FAASM_UPLOAD_URL: upload } = process.env
  return rpc && planner && upload ? { rpc, planner, upload } : undefined
})()

/** Builds an app's functions, uploads them to a runtime of its own (or {@link faasm}) and starts gateways. */
export async function startSubject(file: string, split?: "route"): Promise<Subject> {
  const appFile = fileURLToPath(new URL(file, import.meta.url))
  const native: AnyHono = (await import(appFile)).default
  const build = await mkdtemp(join(tmpdir(), "hono-faasm-differential-"))
  // Faasm's workers keep what they have loaded: functions of each run are others.
  const user = `test${Date.now()}`
  const manifest = await buildApp({ appFile, outDir: build, schemaDir: join(build, "proto"), split, user })
  const runtime = faasm ? undefined : await startRuntime({ slots: 2, log: () => {} })
  const url = runtime?.url ?? faasm!.planner
  await uploadBuild(build, { uploadUrl: runtime?.url ?? faasm!.upload })
  const events: GatewayEvent[] = []
  const log = (event: GatewayEvent) => events.push(event)
  const rpc = offload(native, { build, rpc: runtime?.url ?? faasm!.rpc, log })
  const planner = offload(native, { build, planner: url, log })
  return {
    native,
    rpc,
    planner,
    manifest,
    build,
    url,
    takeEvents: () => events.splice(0),
    async close() {
      await Promise.all([rpc.gateway.close(), planner.gateway.close()])
      await runtime?.close(0)
      await rm(build, { recursive: true, force: true })
    },
  }
}
