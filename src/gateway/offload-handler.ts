import type { Context, Next } from "hono"
import { TimingsLevel } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { decodeReply } from "./decode-reply.ts"
import { encodeInvocation, encodeInvocationJson, Unportable } from "./encode-invocation.ts"
import type { CallEvent, Way } from "./events.ts"
import { bodyTooLarge, failureOfError, failureOfReply, type OffloadError, schemaMismatch } from "./failure.ts"
import type { FunctionPath, InputForm } from "./function-path.ts"
import { isIdempotent } from "./idempotent.ts"
import { captureInvocation, type InvocationFacts } from "./invocation.ts"
import { passageOf } from "./passage.ts"
import { BodyTooLarge } from "./read-body.ts"
import type { Reply } from "./reply.ts"
import { FunctionError, respond } from "./respond.ts"
import type { RoutePlan } from "./route-plan.ts"
import { detailedServerTiming, type GatewayTimes, type ServerTiming, serverTiming } from "./server-timing.ts"
import { traceparentOf } from "./traceparent.ts"

/** What the handlers of a gateway share. */
export interface HandlerContext {
  path: FunctionPath
  /** Largest body that a gateway reads for a function, in bytes. */
  maxBodyBytes: number
  /** Answers get a `Server-Timing` header. */
  serverTiming: ServerTiming
  /** Called for every answered request. */
  onCall(plan: RoutePlan, event: CallEvent): void
}

/** A row's handler, as Hono calls it. */
export type RowHandler = (c: Context, next: Next) => unknown

/**
 * Makes the handler that runs a route on Faasm in place of the app's own.
 *
 * @param original - the app's own, which runs in the gateway when a request can't travel
 */
export function offloadHandler(plan: RoutePlan, original: RowHandler, shared: HandlerContext): RowHandler {
  // One declared parameter: Hono's tools tell handlers from middleware by their length.
  return async (c, ...[next]) => {
    const exchange = new Exchange(c, plan, shared)
    try {
      return await exchange.run()
    } catch (error) {
      if (!(error instanceof Unportable)) throw error
      return exchange.local(error.message, original, next!)
    }
  }
}

/** One request on its way to a function and back. */
class Exchange {
  readonly #c: Context
  readonly #plan: RoutePlan
  readonly #shared: HandlerContext
  readonly #started = performance.now()
  #encodeMs = 0
  #sentAt = 0
  #misfits: string[] = []
  #way: Way = "rpc"

  constructor(c: Context, plan: RoutePlan, shared: HandlerContext) {
    this.#c = c
    this.#plan = plan
    this.#shared = shared
  }

  /**
   * Runs the handler as a function.
   *
   * @throws {@link Unportable} when the request can't travel; nothing has run then
   */
  async run(): Promise<Response> {
    let response: Response
    try {
      response = await this.#invoke(await this.#capture())
    } catch (error) {
      const failure = failureOfError(error)
      if (!failure) throw error
      return this.#fail(failure)
    }
    const thrown = this.#c.error instanceof FunctionError ? this.#c.error : undefined
    this.#done(response.status, { thrown })
    return response
  }

  /** Runs the app's own handler in the gateway, because of `reason`. */
  async local(reason: string, original: RowHandler, next: Next): Promise<unknown> {
    this.#way = "local"
    const response = await original(this.#c, next)
    const status = response instanceof Response ? response.status : this.#c.res.status
    this.#done(status, { localReason: reason })
    return response
  }

  async #capture(): Promise<InvocationFacts> {
    try {
      return await captureInvocation(this.#c, this.#plan, this.#shared.maxBodyBytes)
    } catch (cause) {
      if (cause instanceof BodyTooLarge) throw bodyTooLarge(cause)
      // Middleware read the raw body, or the client broke off. The handler itself finds out, if it reads.
      throw new Unportable(`the request's body can't be read: ${(cause as Error).message}`, { cause })
    }
  }

  async #invoke(facts: InvocationFacts): Promise<Response> {
    const { user, function: fn, timeoutMs } = this.#plan
    const request = this.#c.req
    const result = await this.#shared.path.invoke({
      user,
      function: fn,
      timeoutMs,
      idempotent: isIdempotent(facts.method),
      traceparent: traceparentOf(request.raw.headers),
      signal: request.raw.signal,
      timings: this.#timingsLevel,
      encode: (form) => this.#encode(form, facts),
    })
    const receivedAt = performance.now()
    const reply = decodeReply(result.output)
    const decodedAt = performance.now()
    this.#check(reply)
    const codec = this.#plan.response
    const passage = passageOf(request.raw)
    const response = await respond(
      this.#c,
      reply,
      passage ? (message) => passage.bodyOf(codec, message) : (message) => codec.toJsonBytes(message),
    )
    // A server that was asked and does not tell leaves nothing that would add up.
    if (this.#shared.serverTiming && result.timings) {
      const times: GatewayTimes = {
        startedAt: this.#started,
        encodeMs: this.#encodeMs,
        sentAt: this.#sentAt,
        receivedAt,
        decodedAt,
        respondedAt: performance.now(),
      }
      const value = this.#detailed
        ? detailedServerTiming(times, result.timings, reply.phases)
        : serverTiming(times, result.timings)
      response.headers.append("server-timing", value)
    }
    return response
  }

  #encode(form: InputForm, facts: InvocationFacts): Uint8Array {
    const started = performance.now()
    const encoded =
      form === "json"
        ? encodeInvocationJson(this.#plan, facts)
        : encodeInvocation(this.#plan, facts, this.#detailed)
    this.#sentAt = performance.now()
    this.#encodeMs += this.#sentAt - started
    this.#way = form === "json" ? "planner" : "rpc"
    this.#misfits = encoded.misfit === undefined ? [] : [`request ${encoded.misfit}`]
    return encoded.bytes
  }

  get #timingsLevel(): TimingsLevel {
    if (this.#detailed) return TimingsLevel.DETAILED
    return this.#shared.serverTiming ? TimingsLevel.BRIEF : TimingsLevel.UNSPECIFIED
  }

  get #detailed(): boolean {
    return this.#shared.serverTiming === "detailed"
  }

  #check(reply: Reply): void {
    if (reply.failure) throw failureOfReply(reply.failure)
    if (reply.schemaHash !== this.#plan.schemaHash)
      throw schemaMismatch(this.#plan.schemaHash, reply.schemaHash)
    if (reply.fallbackReason) this.#misfits.push(`response ${reply.fallbackReason}`)
  }

  #fail(failure: OffloadError): Response {
    const c = this.#c
    c.error = failure
    if (failure.status === 503) c.header("retry-after", "1")
    this.#done(failure.status, { error: failure })
    return c.newResponse(JSON.stringify(failure.toBody()), failure.status as 500, {
      "content-type": "application/json",
    })
  }

  #done(status: number, outcome: Pick<CallEvent, "error" | "thrown" | "localReason">): void {
    this.#shared.onCall(this.#plan, {
      type: "call",
      method: this.#c.req.method,
      path: this.#plan.route.path,
      function: this.#plan.function,
      way: this.#way,
      status,
      durationMs: performance.now() - this.#started,
      misfits: this.#misfits,
      ...outcome,
    })
  }
}
