import { Code } from "@connectrpc/connect"
import { type FunctionClient, InvokeError, type InvokeResult } from "../channel/function-client.ts"
import { ErrorKind } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { CircuitBreaker } from "./circuit-breaker.ts"
import type { SwitchEvent } from "./events.ts"
import type { FunctionPath, PathCall } from "./function-path.ts"

/**
 * Calls by the channel; by the planner while the channel does not work. A circuit breaker keeps calls off a
 * channel that is down, and lets single ones probe whether it is back.
 *
 * A call that may have run is repeated by the planner only when it is idempotent.
 */
export class FallbackPath implements FunctionPath {
  readonly #channel: FunctionClient
  readonly #planner: FunctionClient
  readonly #onSwitch: (event: SwitchEvent) => void
  readonly #breaker: CircuitBreaker

  /** @param onSwitch - called when the breaker opens or closes */
  constructor(
    channel: FunctionClient,
    planner: FunctionClient,
    onSwitch: (event: SwitchEvent) => void,
    breaker = new CircuitBreaker(),
  ) {
    this.#channel = channel
    this.#planner = planner
    this.#onSwitch = onSwitch
    this.#breaker = breaker
  }

  async invoke(call: PathCall): Promise<InvokeResult> {
    if (!this.#breaker.allows()) return this.#byPlanner(call, 0)
    const started = performance.now()
    try {
      const input = call.encode("protobuf")
      const result = await this.#channel.invoke({ ...call, input })
      this.#works()
      return result
    } catch (error) {
      if (!(error instanceof InvokeError)) {
        this.#breaker.undecided()
        throw error
      }
      if (!isDown(error)) {
        this.#answered(error)
        throw error
      }
      if (this.#breaker.failed(error.code === Code.Unimplemented)) {
        this.#onSwitch({ type: "switch", to: "planner", reason: error.message })
      }
      if (error.mayHaveRun && !call.idempotent) throw error
      return this.#byPlanner(call, performance.now() - started)
    }
  }

  async ready(): Promise<boolean> {
    return (await this.#channel.ready()) || this.#planner.ready()
  }

  async close(): Promise<void> {
    await Promise.all([this.#channel.close(), this.#planner.close()])
  }

  async #byPlanner(call: PathCall, spentMs: number): Promise<InvokeResult> {
    const input = call.encode("json")
    const timeoutMs = call.timeoutMs === undefined ? undefined : Math.max(1, call.timeoutMs - spentMs)
    return this.#planner.invoke({ ...call, input, timeoutMs })
  }

  /** The channel carried the call and brought an error back; or the caller left before it could tell. */
  #answered(error: InvokeError): void {
    if (error.kind === ErrorKind.CANCELLED || error.kind === ErrorKind.TIMEOUT) this.#breaker.undecided()
    else this.#works()
  }

  #works(): void {
    if (this.#breaker.succeeded())
      this.#onSwitch({ type: "switch", to: "rpc", reason: "the channel works again" })
  }
}

/** The error is of the channel, not of the function or the call. */
function isDown(error: InvokeError): boolean {
  return error.kind === ErrorKind.UNAVAILABLE || error.code === Code.Unimplemented
}
