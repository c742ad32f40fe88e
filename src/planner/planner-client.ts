import {
  type FunctionCall,
  type FunctionClient,
  InvokeError,
  type InvokeResult,
} from "../channel/function-client.ts"
import { ErrorKind } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import {
  executeBatch,
  executeBatchStatus,
  findResult,
  getAvailableHosts,
  type MessageResult,
  NO_HOSTS,
  NOT_REGISTERED,
  newIds,
} from "./dialect.ts"
import { type PlannerAnswer, PlannerHttp, PlannerUnreachable } from "./planner-http.ts"
import { PollSchedule } from "./poll-schedule.ts"
import { wait } from "./wait.ts"

/** Options of {@link PlannerClient}. */
export interface PlannerOptions {
  /** The planner's HTTP endpoint, such as `http://127.0.0.1:8080`. */
  url: string
  /** Most HTTP connections at once. Default 64. */
  connections?: number
  /** Time for calls that bring none, in ms. Default 30,000. */
  timeoutMs?: number
  /** Longest time that a call waits for a slot while the planner has none, in ms. Default 5,000. */
  slotWaitMs?: number
}

/** Polls in a row that may go unanswered before a call is given up. */
const MAX_LOST_POLLS = 5

/**
 * Runs functions through the HTTP/JSON dialect of an unpatched Faasm's planner: EXECUTE_BATCH, then
 * EXECUTE_BATCH_STATUS until there is a result.
 *
 * A function's output is text there, so inputs have to ask for a text answer: the JSON form of an Invocation.
 */
export class PlannerClient implements FunctionClient {
  readonly #http: PlannerHttp
  readonly #schedule = new PollSchedule()
  readonly #timeoutMs: number
  readonly #slotWaitMs: number

  constructor(options: PlannerOptions) {
    this.#http = new PlannerHttp(new URL(options.url), options.connections ?? 64)
    this.#timeoutMs = options.timeoutMs ?? 30_000
    this.#slotWaitMs = options.slotWaitMs ?? 5_000
  }

  /** Runs a function once. Rejects with {@link InvokeError}. */
  async invoke(call: FunctionCall): Promise<InvokeResult> {
    const started = performance.now()
    const deadline = started + (call.timeoutMs ?? this.#timeoutMs)
    const ids = newIds()
    const body = executeBatch(ids, call.user, call.function, call.input)
    const sent = await this.#submit(call, body, deadline)
    const result = await this.#poll(call, ids.appId, ids.messageId, deadline)
    // The function's own time, not the answer's: that has the waits in it, which would then grow by themselves.
    this.#schedule.observe(keyOf(call), result.executedMs)
    if (result.returnValue !== 0) {
      throw new InvokeError(
        ErrorKind.TRAP,
        `${keyOf(call)} failed on Faasm: ${result.output.slice(0, 500)}`,
        {
          mayHaveRun: true,
        },
      )
    }
    return {
      output: Buffer.from(result.output),
      timings: {
        queuedUs: Math.round((sent - started) * 1000),
        executedUs: result.executedMs * 1000,
        cold: false,
      },
      way: "planner",
    }
  }

  /**
   * Whether the planner answers and has a host to run functions on.
   *
   * @param timeoutMs - longest wait for its answer; default 1,000
   */
  async ready(timeoutMs = 1_000): Promise<boolean> {
    try {
      const answer = await this.#http.post(getAvailableHosts(), timeoutMs)
      return answer.status === 200 && JSON.parse(answer.text).hosts?.length > 0
    } catch {
      return false
    }
  }

  /** Closes the connections once the calls under way are answered. */
  close(): Promise<void> {
    return this.#http.close()
  }

  /** Sends the batch, again and again while no slot is free. Returns when the planner took it. */
  async #submit(call: FunctionCall, body: string, deadline: number): Promise<number> {
    const giveUp = Math.min(deadline, performance.now() + this.#slotWaitMs)
    for (let pause = 2; ; pause = Math.min(pause * 1.6, 100)) {
      throwIfCancelled(call, false)
      const sent = performance.now()
      const answer = await this.#post(call, body, deadline)
      if (answer.status === 200) return sent
      const text = answer.text.slice(0, 200)
      if (answer.text.trim() !== NO_HOSTS) {
        const refused = answer.status >= 400 && answer.status < 500
        throw new InvokeError(
          ErrorKind.UNAVAILABLE,
          `the planner answered ${answer.status} to a batch for ${keyOf(call)}: ${text}`,
          { mayHaveRun: !refused },
        )
      }
      // Jittered, so that waiting calls do not come back all at once.
      const next = pause * (0.5 + Math.random())
      if (performance.now() + next > giveUp) {
        throw new InvokeError(ErrorKind.OVERLOADED, `the planner has no free slot for ${keyOf(call)}`, {
          mayHaveRun: false,
        })
      }
      await wait(next, call.signal)
    }
  }

  async #post(call: FunctionCall, body: string, deadline: number): Promise<PlannerAnswer> {
    try {
      return await this.#http.post(body, remaining(deadline))
    } catch (error) {
      throw unavailable(call, error)
    }
  }

  async #poll(
    call: FunctionCall,
    appId: number,
    messageId: number,
    deadline: number,
  ): Promise<MessageResult> {
    const body = executeBatchStatus(appId)
    let lost = 0
    for (let poll = 0; ; poll++) {
      await wait(Math.min(this.#schedule.waitMs(keyOf(call), poll), remaining(deadline)), call.signal)
      throwIfCancelled(call, true)
      if (performance.now() >= deadline) {
        throw new InvokeError(ErrorKind.TIMEOUT, `${keyOf(call)} had no result in time`, { mayHaveRun: true })
      }
      try {
        const result = resultOf(await this.#http.post(body, remaining(deadline)), messageId)
        if (result) return result
        lost = 0
      } catch (error) {
        // The function runs on whether or not we hear of it, so one lost poll says little.
        if (!(error instanceof PlannerUnreachable) || ++lost >= MAX_LOST_POLLS)
          throw unavailable(call, error, true)
      }
    }
  }
}

function resultOf(answer: PlannerAnswer, messageId: number): MessageResult | undefined {
  if (answer.status === 200) return findResult(answer.text, messageId)
  // The planner registers a batch when its first result is there.
  if (answer.text.trim() === NOT_REGISTERED) return undefined
  throw new Error(`the planner answered ${answer.status}: ${answer.text.slice(0, 200)}`)
}

function unavailable(call: FunctionCall, cause: unknown, hasRun?: boolean): InvokeError {
  const mayHaveRun = hasRun ?? !(cause instanceof PlannerUnreachable && !cause.mayHaveArrived)
  const message = `the planner can't be asked for ${keyOf(call)}: ${(cause as Error).message}`
  return new InvokeError(ErrorKind.UNAVAILABLE, message, { mayHaveRun, cause })
}

function throwIfCancelled(call: FunctionCall, mayHaveRun: boolean): void {
  if (!call.signal?.aborted) return
  throw new InvokeError(ErrorKind.CANCELLED, `the caller gave up on ${keyOf(call)}`, { mayHaveRun })
}

const keyOf = (call: FunctionCall): string => `${call.user}/${call.function}`
/** At least a millisecond, since 0 means forever to most timeouts. */
const remaining = (deadline: number): number => Math.max(1, deadline - performance.now())
