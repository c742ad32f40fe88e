import type { IncomingMessage, ServerResponse } from "node:http"
import { availableParallelism } from "node:os"
import { type DualServer, listenDual } from "./dual-server.ts"
import { FunctionStore } from "./function-store.ts"
import { BodyTooLargeError, readBody } from "./http-body.ts"
import type { Invoker } from "./invoker.ts"
import { PlannerEndpoint } from "./planner-endpoint.ts"
import { RuntimeError } from "./runtime-error.ts"
import { type TextResponse, text } from "./text-response.ts"
import { UploadEndpoint } from "./upload-endpoint.ts"
import { WorkerPool } from "./worker-pool.ts"

const MEBIBYTE = 1024 * 1024

/** Options of {@link startRuntime}. */
export interface RuntimeOptions {
  /** Port of what has none of its own; 0, the default, takes a free one. Any port serves everything. */
  port?: number
  /** Port of the RPC service. Default: `port`. */
  rpcPort?: number
  /** Port of the planner's HTTP/JSON API, 8080 in Faasm. Default: `port`. */
  plannerPort?: number
  /** Port of the upload API, 8002 in Faasm. Default: `port`. */
  uploadPort?: number
  /** Address to listen on. Default `127.0.0.1`: whoever reaches it can run code, and there is no login. */
  host?: string
  /** Calls that run at once, each in a worker thread. Default: one per core. */
  slots?: number
  /** Calls that wait for a slot. Default 1024. */
  queueLimit?: number
  /** Largest input of a call, in bytes. Default 8 MiB. */
  maxInputBytes?: number
  /** Largest output of a call, in bytes. Default 8 MiB. */
  maxOutputBytes?: number
  /** Most memory that a function may have, in bytes. Default 256 MiB. */
  maxMemoryBytes?: number
  /** Memory that the idle instances of a worker may have together, in bytes. Default 512 MiB. */
  maxWarmBytes?: number
  /** When an idle instance is given up, in milliseconds. Default 5 minutes. */
  idleMs?: number
  /** Largest function, in bytes. Default 32 MiB. */
  maxFunctionBytes?: number
  /** The most functions. Default 1000. */
  maxFunctions?: number
  /** Most bytes that a function may print in a call. Default 64 KiB. */
  maxLogBytes?: number
  /** Time limit of a call that carries none, in milliseconds. Default 30 seconds. */
  timeoutMs?: number
  /** Takes the log's lines; those that a function printed begin with `[user/function]`. Default: standard error. */
  log?: (line: string) => void
}

/** A running runtime. */
export interface Runtime {
  /** Where FunctionService is: HTTP/2 without TLS. */
  readonly rpcUrl: string
  /** Where the planner's HTTP/JSON API is: `POST` to it. */
  readonly plannerUrl: string
  /** Where the upload API is: `PUT` to `/f/<user>/<function>` on it. */
  readonly uploadUrl: string
  /** Runs functions without a network between. */
  readonly invoker: Invoker
  /** Uploads a function without a network between. Throws RuntimeError. */
  upload(user: string, name: string, wasm: Uint8Array): Promise<void>
  /**
   * Stops: takes no more calls, answers those under way, then closes every connection and thread.
   *
   * @param graceMs How long it waits for calls under way, in milliseconds. Default 10 seconds.
   */
  close(graceMs?: number): Promise<void>
}

/**
 * Starts the embedded runtime: a Faasm-compatible host for functions, in this process and its worker
 * threads, for development and tests.
 *
 * @throws RuntimeError `start-failed`.
 */
export async function startRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const log = options.log ?? ((line) => process.stderr.write(`${line}\n`))
  const host = options.host ?? "127.0.0.1"
  const timeoutMs = options.timeoutMs ?? 30_000
  const maxFunctionBytes = options.maxFunctionBytes ?? 32 * MEBIBYTE
  const maxInputBytes = options.maxInputBytes ?? 8 * MEBIBYTE
  const store = new FunctionStore(
    {
      maxFunctions: options.maxFunctions ?? 1000,
      maxFunctionBytes,
      maxMemoryBytes: options.maxMemoryBytes ?? 256 * MEBIBYTE,
    },
    (replaced) => pool.forget(replaced),
  )
  const pool = new WorkerPool(
    {
      slots: options.slots ?? availableParallelism(),
      queueLimit: options.queueLimit ?? 1024,
      maxQueuedBytes: 64 * MEBIBYTE,
      maxInputBytes,
      maxOutputBytes: options.maxOutputBytes ?? 8 * MEBIBYTE,
      maxWarmBytes: options.maxWarmBytes ?? 512 * MEBIBYTE,
      idleMs: options.idleMs ?? 5 * 60_000,
      maxLogBytes: options.maxLogBytes ?? 64 * 1024,
    },
    store,
    {
      print: (name, line) => log(`[${name}] ${line}`),
      workerDied: log,
    },
  )
  const planner = new PlannerEndpoint(pool, {
    maxApps: 10_000,
    maxResultBytes: 64 * MEBIBYTE,
    timeoutMs,
    host,
  })
  const upload = new UploadEndpoint(store, log)
  // A planner's body is JSON in JSON with the input in base64.
  const maxPlannerBytes = 2 * maxInputBytes + MEBIBYTE

  const respond = async (request: IncomingMessage, path: string): Promise<TextResponse> => {
    if (upload.handles(path)) {
      if (request.method === "GET") return upload.get(path)
      if (request.method === "PUT") return upload.put(path, await readBody(request, maxFunctionBytes))
    } else if (path === "/" && request.method === "POST")
      return planner.handle((await readBody(request, maxPlannerBytes)).toString("utf8"))
    return text(404, "Not found")
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? "/").split("?", 1)[0]!
    respond(request, path)
      .catch((error: Error) => {
        if (error instanceof BodyTooLargeError) return text(413, error.message)
        log(`${request.method} ${path} failed: ${error.message}`)
        return text(500, "Internal error")
      })
      .then(({ status, body }) => {
        if (response.headersSent || response.destroyed) return
        response.writeHead(status, {
          "content-type": "text/plain",
          "content-length": Buffer.byteLength(body),
        })
        response.end(body)
      })
  }

  const { port = 0, rpcPort = port, plannerPort = port, uploadPort = port } = options
  /** By the port that was asked for. */
  const servers = new Map<number, DualServer>()
  const closeServers = () => Promise.all([...servers.values()].map((server) => server.close()))
  try {
    await pool.start()
    for (const port of new Set([rpcPort, plannerPort, uploadPort]))
      servers.set(port, await listenDual({ host, port }, listener))
    const urlOf = (port: number) =>
      `http://${host.includes(":") ? `[${host}]` : host}:${servers.get(port)!.port}`
    return {
      rpcUrl: urlOf(rpcPort),
      plannerUrl: urlOf(plannerPort),
      uploadUrl: urlOf(uploadPort),
      invoker: pool,
      async upload(user, name, wasm) {
        await store.put(user, name, wasm)
      },
      async close(graceMs = 10_000) {
        await pool.close(graceMs)
        for (const server of servers.values()) server.drain()
        await closeServers()
      },
    }
  } catch (error) {
    await Promise.all([pool.close(0), closeServers()])
    if (error instanceof RuntimeError) throw error
    throw new RuntimeError("start-failed", `the runtime could not start: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
