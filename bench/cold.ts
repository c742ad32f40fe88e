import { setTimeout as sleep } from "node:timers/promises"
import { type Outcome, type Runtime, startRuntime } from "../src/runtime/index.ts"
import type { BenchContext } from "./context.ts"
import { type PricingFunction, pricingFunction } from "./pricing-function.ts"
import type { BenchResult } from "./result.ts"
import { medianOf, rowOf } from "./row.ts"
import { measureScriptLoad } from "./script-load.ts"

const EXPERIMENT = "cold"
const USER = "bench"
/** Functions that are called in turn. */
const FUNCTIONS = 100
/** When the runtime gives up an instance here, in ms; and how long to wait until it has surely done so. */
const IDLE_MS = 100
const LONG_IDLE_MS = 300
/** Room for the instances of all functions. */
const ROOMY_BYTES = 4 * 1024 ** 3

/**
 * A call that prices an order, without a network: what it costs when no instance is ready for it. Ways:
 *
 * - `warm`: one of many of the same function
 * - `second`: right after the first of a function
 * - `never run`: the first of a function, on a worker that has run others
 * - `fresh worker`: the first on a worker thread that has run nothing
 * - `idle, kept`: after a pause, the instance still there
 * - `idle, given up`: after a pause in which the runtime gave the instance up
 * - `many in turn`: functions in turn, more than the default room for instances holds
 * - `many in turn, room for all`: the same with room for all
 * - `no snapshot`: an engine started and the app's script loaded for the call, without the call itself
 *
 * Rows with the phase `instance` are the part of a call that it waits for its instance.
 */
export async function benchCold(context: BenchContext): Promise<BenchResult[]> {
  context.progress(`${EXPERIMENT}: building`)
  const pricing = await pricingFunction(context)
  const bench = new ColdBench(pricing, context)
  context.measuring(bench.rows)
  await bench.warm()
  await bench.neverRun()
  await bench.freshWorker()
  await bench.idle("idle, kept", {})
  await bench.idle("idle, given up", { idleMs: IDLE_MS })
  await bench.inTurn("many in turn", {})
  await bench.inTurn("many in turn, room for all", { maxWarmBytes: ROOMY_BYTES })
  await bench.noSnapshot()
  bench.conclude()
  return bench.rows
}

interface Calls {
  us: number[]
  instanceUs: number[]
  cold: number
}

class ColdBench {
  readonly rows: BenchResult[] = []
  readonly #pricing: PricingFunction
  readonly #input: Uint8Array
  readonly #context: BenchContext
  readonly #repeats: number
  readonly #coldShares = new Map<string, number>()

  constructor(pricing: PricingFunction, context: BenchContext) {
    this.#pricing = pricing
    this.#input = pricing.call("protobuf", 10).input
    this.#context = context
    this.#repeats = context.quick ? 5 : 30
  }

  async neverRun(): Promise<void> {
    await this.#with({}, async (runtime) => {
      const first = noCalls()
      const next = noCalls()
      for (let i = -1; i < this.#repeats; i++) {
        const name = `function-${i}`
        await runtime.upload(USER, name, this.#pricing.wasm)
        // The first function of all warms the worker.
        await this.#call(runtime, name, i < 0 ? noCalls() : first)
        await this.#call(runtime, name, i < 0 ? noCalls() : next)
      }
      this.#add("never run", first)
      this.#add("second", next)
    })
  }

  async warm(): Promise<void> {
    await this.#with({}, async (runtime) => {
      const calls = noCalls()
      await runtime.upload(USER, "function", this.#pricing.wasm)
      for (let i = 0; i < this.#repeats; i++) await this.#call(runtime, "function", noCalls())
      for (let i = 0; i < 10 * this.#repeats; i++) await this.#call(runtime, "function", calls)
      this.#add("warm", calls)
    })
  }

  async freshWorker(): Promise<void> {
    const calls = noCalls()
    for (let i = 0; i < this.#repeats; i++) {
      await this.#with({}, async (runtime) => {
        await runtime.upload(USER, "function", this.#pricing.wasm)
        await this.#call(runtime, "function", calls)
      })
    }
    this.#add("fresh worker", calls)
  }

  async idle(way: string, options: { idleMs?: number }): Promise<void> {
    await this.#with(options, async (runtime) => {
      const calls = noCalls()
      await runtime.upload(USER, "function", this.#pricing.wasm)
      await this.#call(runtime, "function", noCalls())
      for (let i = 0; i < this.#repeats; i++) {
        await sleep(LONG_IDLE_MS)
        await this.#call(runtime, "function", calls)
      }
      this.#add(way, calls)
    })
  }

  async inTurn(way: string, options: { maxWarmBytes?: number }): Promise<void> {
    const names = Array.from({ length: this.#context.quick ? 10 : FUNCTIONS }, (_, i) => `function-${i}`)
    await this.#with(options, async (runtime) => {
      for (const name of names) await runtime.upload(USER, name, this.#pricing.wasm)
      const calls = noCalls()
      const rounds = this.#context.quick ? 2 : 5
      for (let round = 0; round <= rounds; round++) {
        this.#context.progress(`${EXPERIMENT}: ${way}, ${round} of ${rounds}`)
        for (const name of names) await this.#call(runtime, name, round === 0 ? noCalls() : calls)
      }
      this.#add(way, calls)
    })
  }

  async noSnapshot(): Promise<void> {
    const optimise = this.#context.quick ? "dev" : "upload"
    const { engine, load } = await measureScriptLoad(
      this.#pricing.appFile,
      this.#pricing.schema,
      optimise,
      this.#repeats,
    )
    const both = engine.map((us, i) => us + load[i]!)
    this.rows.push(this.#row("no snapshot", both))
    this.rows.push(this.#row("no snapshot", load, "script load"))
  }

  conclude(): void {
    const p50 = (way: string) => this.rows.find((row) => row.way === way && row.phase === undefined)!.p50Us
    const times = (way: string) => `'${way}' ${(p50(way) / p50("warm")).toFixed(1)}`
    const ways = ["never run", "second", "fresh worker", "idle, kept", "idle, given up", "many in turn"]
    const part = (way: string) => `${((this.#coldShares.get(way) ?? 0) * 100).toFixed(0)} %`
    this.#context.conclude(
      `${EXPERIMENT}: a warm call takes ${(p50("warm") / 1000).toFixed(2)} ms. As multiples of that: ${ways.map(times).join(", ")}. ` +
        `Of the functions in turn ${part("many in turn")} found no instance ready, with room for all ` +
        `${part("many in turn, room for all")}. Without a snapshot, starting the engine and loading the script alone ` +
        `is ${(p50("no snapshot") / p50("warm")).toFixed(0)} times a warm call`,
    )
  }

  async #with(
    options: Parameters<typeof startRuntime>[0],
    use: (runtime: Runtime) => Promise<void>,
  ): Promise<void> {
    const runtime = await startRuntime({ slots: 1, log() {}, ...options })
    try {
      await use(runtime)
    } finally {
      await runtime.close()
    }
  }

  async #call(runtime: Runtime, name: string, into: Calls): Promise<void> {
    const start = performance.now()
    const { error, timings } = await new Promise<Outcome>((done) => {
      const deadline = start + 10_000
      const call = { user: USER, function: name, input: this.#input, deadline, detailedTimings: true }
      runtime.invoker.submit({ ...call, queue: true }, done)
    })
    if (error) throw new Error(error.message)
    into.us.push((performance.now() - start) * 1000)
    into.instanceUs.push(timings.instanceUs ?? 0)
    if (timings.cold) into.cold++
    // Lets the worker make its next instance ready, which is no part of this call and would be of the next.
    await sleep(2)
  }

  #add(way: string, { us, instanceUs, cold }: Calls): void {
    this.#context.progress(`${EXPERIMENT}: ${way}: ${(medianOf(us) / 1000).toFixed(2)} ms`)
    this.#coldShares.set(way, cold / us.length)
    this.rows.push(this.#row(way, us), this.#row(way, instanceUs, "instance"))
  }

  #row(way: string, us: readonly number[], phase?: string): BenchResult {
    return rowOf(EXPERIMENT, way, us, { phase, payloadBytes: this.#input.length })
  }
}

function noCalls(): Calls {
  return { us: [], instanceUs: [], cold: 0 }
}
