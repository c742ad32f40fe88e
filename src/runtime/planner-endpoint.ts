import { isUtf8 } from "node:buffer"
import { ErrorKind } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import type { Outcome } from "./invoker.ts"
import {
  type BatchExecuteRequest,
  HTTP_TYPE,
  PlannerJsonError,
  type PlannerMessage,
  readBatch,
  readBatchStatus,
  readHttpMessage,
  writeBatchStatus,
} from "./planner-json.ts"
import { type TextResponse, text } from "./text-response.ts"
import type { WorkerPool } from "./worker-pool.ts"

/** What bounds the results that are kept for polling. */
export interface PlannerOptions {
  /** The most apps whose results are kept; the oldest finished ones go first. */
  maxApps: number
  /** Most bytes of the results that are kept. */
  maxResultBytes: number
  /** How long a call may run that came this way, in milliseconds; the dialect has no field for it. */
  timeoutMs: number
  /** The host's address, as results name it. */
  host: string
}

/** A batch, from its request until its results are forgotten. */
interface App {
  readonly batch: Pick<BatchExecuteRequest, "appId" | "subType">
  /** By message id, in the order they came. */
  readonly results: Map<number, PlannerMessage>
  inFlight: number
  bytes: number
}

/**
 * The HTTP/JSON dialect of Faasm's planner: fields, statuses and texts are those of faabric's
 * `PlannerEndpointHandler`.
 *
 * Differences, all of what a planner alone can know: there is one host, this runtime, which a reset or a
 * flush does not make disappear; and an output that is not UTF-8, which a real worker fails to hand to
 * its planner, ends its message with an error text.
 */
export class PlannerEndpoint {
  readonly #pool: WorkerPool
  readonly #options: PlannerOptions
  /** By app id, in the order of their last request. */
  #apps = new Map<number, App>()
  #resultBytes = 0
  readonly #registeredAt = Date.now()

  constructor(pool: WorkerPool, options: PlannerOptions) {
    this.#pool = pool
    this.#options = options
  }

  /** Answers a request's body. */
  handle(body: string): TextResponse {
    if (body === "") return text(400, "Empty request")
    try {
      const { type = 0, payloadJson = "" } = readHttpMessage(body)
      return this.#dispatch(type, payloadJson)
    } catch (error) {
      if (error instanceof PlannerJsonError) return text(400, "Bad JSON in request body")
      throw error
    }
  }

  #dispatch(type: number, payload: string): TextResponse {
    switch (type) {
      case HTTP_TYPE.RESET:
        this.#forgetAll()
        return text(200, "Planner fully reset!")
      case HTTP_TYPE.FLUSH_AVAILABLE_HOSTS:
        return text(200, "Flushed available hosts!")
      case HTTP_TYPE.FLUSH_EXECUTORS:
        this.#pool.flush()
        return text(200, "Flushed executors!")
      case HTTP_TYPE.FLUSH_SCHEDULING_STATE:
        this.#forgetAll()
        return text(200, "Flushed scheduling state!")
      case HTTP_TYPE.GET_AVAILABLE_HOSTS:
        return text(200, this.#availableHosts())
      case HTTP_TYPE.GET_IN_FLIGHT_APPS:
        return text(200, this.#inFlightApps())
      case HTTP_TYPE.EXECUTE_BATCH:
        return this.#execute(payload)
      case HTTP_TYPE.EXECUTE_BATCH_STATUS:
        return this.#status(payload)
      default:
        return text(400, "Unrecognised message type")
    }
  }

  #execute(payload: string): TextResponse {
    let batch: BatchExecuteRequest
    try {
      batch = readBatch(payload)
    } catch (error) {
      if (error instanceof PlannerJsonError) return text(400, "Bad JSON in body's payload")
      throw error
    }
    if (!isValid(batch)) return text(400, "Bad BatchExecRequest")
    const messages = batch.messages ?? []
    if (messages.length > this.#pool.freeSlots) return text(500, "No available hosts")
    const appId = batch.appId ?? 0
    const app = this.#register(appId, batch, messages.length)
    // Whatever else a message holds is kept with its result.
    const messageBytes = Math.ceil(payload.length / messages.length)
    for (const message of messages) {
      const startTimestamp = String(Date.now())
      this.#pool.submit(
        {
          user: message.user!,
          function: message.function!,
          input: Buffer.from(message.inputData ?? "", "base64"),
          deadline: performance.now() + this.#options.timeoutMs,
          queue: false,
        },
        (outcome) => {
          this.#finish(
            app,
            {
              ...message,
              ...answer(message, outcome),
              startTimestamp,
              finishTimestamp: String(Date.now()),
              executedHost: this.#options.host,
            },
            messageBytes,
          )
        },
      )
    }
    return text(200, writeBatchStatus({ appId }))
  }

  #status(payload: string): TextResponse {
    const { appId = 0 } = readBatchStatus(payload)
    const app = this.#apps.get(appId)
    // As in Faasm, an app is not registered before its first result.
    if (!app || app.results.size === 0) return text(500, "App not registered in results")
    const messageResults = [...app.results.values()]
    return text(200, writeBatchStatus({ appId, finished: app.inFlight === 0, messageResults }))
  }

  /** A second batch of the same app adds to it. */
  #register(appId: number, batch: BatchExecuteRequest, count: number): App {
    const app = this.#apps.get(appId) ?? {
      batch: { appId: batch.appId, subType: batch.subType },
      results: new Map(),
      inFlight: 0,
      bytes: 0,
    }
    app.inFlight += count
    this.#apps.delete(appId)
    this.#apps.set(appId, app)
    this.#trim()
    return app
  }

  #finish(app: App, result: PlannerMessage, messageBytes: number): void {
    app.inFlight--
    const bytes = messageBytes + (result.outputData?.length ?? 0) + 500
    app.results.set(result.id ?? 0, result)
    app.bytes += bytes
    // After a reset nobody can ask for it.
    if (this.#apps.get(app.batch.appId ?? 0) !== app) return
    this.#resultBytes += bytes
    this.#trim()
  }

  #trim(): void {
    for (const [appId, app] of this.#apps) {
      if (this.#apps.size <= this.#options.maxApps && this.#resultBytes <= this.#options.maxResultBytes)
        return
      if (app.inFlight > 0) continue
      this.#apps.delete(appId)
      this.#resultBytes -= app.bytes
    }
  }

  #forgetAll(): void {
    this.#apps = new Map()
    this.#resultBytes = 0
  }

  #availableHosts(): string {
    const usedSlots = this.#pool.capacity - this.#pool.freeSlots
    return JSON.stringify({
      hosts: [
        {
          ip: this.#options.host,
          slots: this.#pool.capacity,
          ...(usedSlots > 0 && { usedSlots }),
          registerTs: { epochMs: String(this.#registeredAt) },
        },
      ],
    })
  }

  #inFlightApps(): string {
    const apps = [...this.#apps]
      .filter(([, app]) => app.inFlight > 0)
      .map(([appId, { batch, inFlight }]) => ({
        ...(appId !== 0 && { appId }),
        ...(batch.subType && { subType: batch.subType }),
        hostIps: Array.from({ length: inFlight }, () => this.#options.host),
      }))
    return JSON.stringify(apps.length > 0 ? { apps } : {})
  }
}

/** As faabric's `isBatchExecRequestValid`. */
function isValid({ appId = 0, user, function: name, messages = [] }: BatchExecuteRequest): boolean {
  if (messages.length === 0 && appId === 0) return false
  if (!user || !name) return false
  return messages.every(
    (message) => message.user === user && message.function && (message.appId ?? 0) === appId,
  )
}

/** What a call's outcome sets in its message: as faabric's executor and Faasm's module do. */
function answer(
  message: PlannerMessage,
  outcome: Outcome,
): Pick<PlannerMessage, "outputData" | "returnValue"> {
  const thrown = (what: string) => ({
    returnValue: 1,
    outputData: `Task ${message.id ?? 0} threw exception. What: ${what}`,
  })
  if (!outcome.error) {
    if (!isUtf8(outcome.output)) return thrown("the output is not UTF-8, and output_data holds nothing else")
    return { returnValue: 0, outputData: Buffer.from(outcome.output).toString("utf8") }
  }
  const { kind, exitCode } = outcome.error
  if (kind === ErrorKind.TRAP && exitCode !== undefined)
    return { returnValue: exitCode | 0, outputData: `Call failed (return value=${exitCode | 0})` }
  return thrown(outcome.error.message)
}
