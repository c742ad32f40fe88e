import { Agent, request } from "undici"
import type { FunctionCall, InvokeResult } from "../src/channel/function-client.ts"
import {
  executeBatch,
  executeBatchStatus,
  findResult,
  NO_HOSTS,
  NOT_REGISTERED,
  newIds,
} from "../src/planner/dialect.ts"
import { wait } from "../src/planner/wait.ts"

/** Options of {@link PollingClient}. */
export interface PollingClientOptions {
  /** The planner's HTTP endpoint. */
  url: string
  /** Milliseconds between polls; `faasmctl invoke` waits 2,000. */
  everyMs: number
  /** Whether connections are kept; else each HTTP request opens one. */
  keep: boolean
}

/**
 * Calls functions as they were called before there was an RPC: JSON in base64 in JSON, an HTTP request that starts a
 * call, and more of them, at fixed times, that ask whether it has ended.
 */
export class PollingClient {
  readonly #agent: Agent
  readonly #options: PollingClientOptions

  constructor(options: PollingClientOptions) {
    this.#options = options
    // Without keep-alive undici sends `connection: close`.
    this.#agent = new Agent({ connections: 256, pipelining: options.keep ? 1 : 0 })
  }

  /** @throws Error when the call fails, or the planner refuses it. */
  async invoke({
    user,
    function: name,
    input,
    timeoutMs,
  }: FunctionCall): Promise<Pick<InvokeResult, "output">> {
    const deadline = performance.now() + timeoutMs!
    const ids = newIds()
    for (const batch = executeBatch(ids, user, name, input); ; ) {
      const { status, text } = await this.#post(batch)
      if (status === 200) break
      if (text.trim() !== NO_HOSTS || performance.now() > deadline) throw new Error(`${status}: ${text}`)
      await wait(this.#options.everyMs)
    }
    const poll = executeBatchStatus(ids.appId)
    while (performance.now() < deadline) {
      // As faasmctl does: also before the first poll.
      await wait(this.#options.everyMs)
      const { status, text } = await this.#post(poll)
      const result = status === 200 ? findResult(text, ids.messageId) : undefined
      if (result?.returnValue === 0) return { output: Buffer.from(result.output) }
      if (result) throw new Error(result.output)
      if (status !== 200 && text.trim() !== NOT_REGISTERED) throw new Error(`${status}: ${text}`)
    }
    throw new Error(`${user}/${name} has no result after ${timeoutMs} ms`)
  }

  close(): Promise<void> {
    return this.#agent.close()
  }

  async #post(body: string): Promise<{ status: number; text: string }> {
    const answer = await request(this.#options.url, { method: "POST", body, dispatcher: this.#agent })
    return { status: answer.statusCode, text: await answer.body.text() }
  }
}
