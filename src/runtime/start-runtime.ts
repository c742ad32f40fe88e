import type { IncomingMessage, ServerResponse } from "node:http"
import { availableParallelism } from "node:os"
import { type DualServer, listenDual } from "../dual-server.ts"
import { FunctionServiceServer } from "./function-service/index.ts"
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
  /** Port for everything; 0, the default, takes a free one. */
  port?: number
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
  /** Memory that all idle instances may have together, in bytes. Default 1 GiB. */
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
  /**
   * Where everything is served: FunctionService (HTTP/2 without TLS, and HTTP/1.1), the planner's
   * HTTP/JSON API (`POST /`), and the upload API (`PUT /f/<user>/<function>`).
   */
  readonly url: string
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
      maxTotalBytes: 1024 * MEBIBYTE,
      maxMemoryBytes: options.maxMemoryBytes ?? 256 * MEBIBYTE,
    },
    (replaced) => pool.forget(replaced),
  )
  const slots = options.slots ?? availableParallelism()
  const pool = new WorkerPool(
    {
      slots,
      queueLimit: options.queueLimit ?? 1024,
      maxQueuedBytes: 64 * MEBIBYTE,
      maxInputBytes,
      maxOutputBytes: options.maxOutputBytes ?? 8 * MEBIBYTE,
      maxWarmBytes: Math.floor((options.maxWarmBytes ?? 1024 * MEBIBYTE) / slots),
      idleMs: options.idleMs ?? 5 * 60_000,
      maxLogBytes: options.maxLogBytes ?? 64 * 1024,
    },
    store,
    {
      print: (name, line) => log(`[${name}] ${line}`),
      event: log,
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

  const service = new FunctionServiceServer(pool, { timeoutMs })
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    if (service.handle(request, response)) return
    const path = (request.url ?? "/").split("?", 1)[0]!
    respond(request, path)
      .catch((error: Error) => {
        if (error instanceof BodyTooLargeError) {
          response.once("finish", () => request.destroy())
          return text(413, error.message)
        }
        if (!response.destroyed) log(`${request.method} ${path} failed: ${error.message}`)
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

  let server: DualServer | undefined
  try {
    await pool.start()
    server = await listenDual({ host, port: options.port ?? 0 }, listener)
    const listening = server
    return {
      url: `http://${host.includes(":") ? `[${host}]` : host}:${listening.port}`,
      invoker: pool,
      async upload(user, name, wasm) {
        await store.put(user, name, wasm)
      },
      async close(graceMs = 10_000) {
        await Promise.all([service.drain(graceMs), pool.close(graceMs)])
        service.close()
        listening.drain()
        await listening.close()
      },
    }
  } catch (error) {
    service.close()
    await Promise.all([pool.close(0), server?.close()])
    if (error instanceof RuntimeError) throw error
    throw new RuntimeError("start-failed", `the runtime could not start: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
