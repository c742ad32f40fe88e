import { Pool } from "undici"

/** Largest answer of a planner that is read, in bytes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/** An HTTP answer of the planner. */
export interface PlannerAnswer {
  status: number
  text: string
}

/** The planner did not answer. */
export class PlannerUnreachable extends Error {
  override readonly name = "PlannerUnreachable"
  /** False when the request can't have arrived: there was no connection. */
  readonly mayHaveArrived: boolean

  constructor(message: string, mayHaveArrived: boolean, options: { cause: unknown }) {
    super(message, options)
    this.mayHaveArrived = mayHaveArrived
  }
}

// Codes of failures that happen before a byte of the request is sent.
const connectFailures = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
])

/** Connections to a planner's HTTP endpoint, kept alive. */
export class PlannerHttp {
  readonly #pool: Pool
  readonly #path: string

  /** @param connections - most connections at once; more requests wait for one */
  constructor(url: URL, connections: number) {
    this.#path = url.pathname
    this.#pool = new Pool(url.origin, {
      connections,
      // A planner answers in order; a slow answer must not hold up those behind it.
      pipelining: 1,
      connectTimeout: 5_000,
      keepAliveTimeout: 30_000,
    })
  }

  /**
   * Sends a request and reads the whole answer.
   *
   * @param timeoutMs - longest wait for the answer's head, and between its parts
   * @throws {@link PlannerUnreachable}
   */
  async post(body: string, timeoutMs: number): Promise<PlannerAnswer> {
    try {
      const answer = await this.#pool.request({
        method: "POST",
        path: this.#path,
        headers: { "content-type": "application/json" },
        body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      })
      const length = Number(answer.headers["content-length"] ?? 0)
      if (length > MAX_ANSWER_BYTES) {
        answer.body.destroy()
        throw new Error(`the planner's answer has ${length} bytes, more than ${MAX_ANSWER_BYTES}`)
      }
      return { status: answer.statusCode, text: await answer.body.text() }
    } catch (cause) {
      const code = (cause as { code?: unknown }).code
      const arrived = !(typeof code === "string" && connectFailures.has(code))
      throw new PlannerUnreachable(`the planner did not answer: ${(cause as Error).message}`, arrived, {
        cause,
      })
    }
  }

  /** Closes the connections once their requests are answered. */
  close(): Promise<void> {
    return this.#pool.close()
  }

  /** Closes the connections at once; requests under way fail. */
  destroy(): Promise<void> {
    return this.#pool.destroy()
  }
}
