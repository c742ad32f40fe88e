import { setTimeout as sleep } from "node:timers/promises"
import type { RuntimeOptions } from "../src/runtime/index.ts"
import { type ColdCall, type ColdHost, embeddedHost, remoteHost } from "./cold-host.ts"
import type { BenchContext } from "./context.ts"
import { type PricingFunction, pricingFunction } from "./pricing-function.ts"
import type { BenchResult } from "./result.ts"
import { rowOf } from "./row.ts"
import { measureScriptLoad } from "./script-load.ts"

const EXPERIMENT = "cold"
/** Functions that are called in turn. */
const FUNCTIONS = 100
/** When the runtime gives up an instance here, in ms; and how long to wait until it has surely done so. */
const IDLE_MS = 100
const LONG_IDLE_MS = 300
/** Room for the instances of all functions. */
const ROOMY_BYTES = 4 * 1024 ** 3

/**
 * A call that prices an order: what it costs when no instance is ready for it, without a network on the embedded
 * runtime, over the channel on a Faasm. Ways:
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
 * What only the embedded runtime can be told to do (`fresh worker`, `idle, given up`, room for all) is left out on a
 * Faasm. Rows with the phase `instance` are the part of a call that it waits for its instance.
 */
export async function benchCold(context: BenchContext): Promise<BenchResult[]> {
  context.progress(`${EXPERIMENT}: building`)
  const pricing = await pricingFunction(context)
  const bench = new ColdBench(pricing, context)
  context.measuring(bench.rows)
  await bench.warm()
  await bench.neverRun()
  await bench.idle("idle, kept", {})
  await bench.inTurn("many in turn", {})
  if (!context.target) {
    await bench.freshWorker()
    await bench.idle("idle, given up", { idleMs: IDLE_MS })
    await bench.inTurn("many in turn, room for all", { maxWarmBytes: ROOMY_BYTES })
  }
  await bench.noSnapshot()
  bench.conclude()
  return bench.rows
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
    await this.#with({}, async (host) => {
      const first: ColdCall[] = []
      const next: ColdCall[] = []
      for (let i = -1; i < this.#repeats; i++) {
        const name = `new-${i}`
        await host.upload(name, this.#pricing.wasm)
        // The first function of all warms the worker.
        await this.#call(host, name, i < 0 ? [] : first)
        await this.#call(host, name, i < 0 ? [] : next)
      }
      this.#add("never run", first)
      this.#add("second", next)
    })
  }

  async warm(): Promise<void> {
    await this.#with({}, async (host) => {
      const calls: ColdCall[] = []
      await host.upload("function", this.#pricing.wasm)
      for (let i = 0; i < this.#repeats; i++) await this.#call(host, "function", [])
      for (let i = 0; i < 10 * this.#repeats; i++) await this.#call(host, "function", calls)
      this.#add("warm", calls)
    })
  }

  async freshWorker(): Promise<void> {
    const calls: ColdCall[] = []
    for (let i = 0; i < this.#repeats; i++) {
      await this.#with({}, async (host) => {
        await host.upload("function", this.#pricing.wasm)
        await this.#call(host, "function", calls)
      })
    }
    this.#add("fresh worker", calls)
  }

  async idle(way: string, options: { idleMs?: number }): Promise<void> {
    await this.#with(options, async (host) => {
      const calls: ColdCall[] = []
      await host.upload("function", this.#pricing.wasm)
      await this.#call(host, "function", [])
      for (let i = 0; i < this.#repeats; i++) {
        await sleep(LONG_IDLE_MS)
        await this.#call(host, "function", calls)
      }
      this.#add(way, calls)
    })
  }

  async inTurn(way: string, options: { maxWarmBytes?: number }): Promise<void> {
    const names = Array.from({ length: this.#context.quick ? 10 : FUNCTIONS }, (_, i) => `function-${i}`)
    await this.#with(options, async (host) => {
      for (const name of names) await host.upload(name, this.#pricing.wasm)
      const calls: ColdCall[] = []
      const rounds = this.#context.quick ? 2 : 5
      for (let round = 0; round <= rounds; round++) {
        this.#context.progress(`${EXPERIMENT}: ${way}, ${round} of ${rounds}`)
        for (const name of names) await this.#call(host, name, round === 0 ? [] : calls)
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
    const part = (share: number) => `${(share * 100).toFixed(0)} %`
    const ways = [...this.#coldShares].filter(([way]) => way !== "warm")
    const times = ways.map(
      ([way, cold]) =>
        `'${way}' ${(p50(way) / p50("warm")).toFixed(1)} (${part(cold)} found no instance ready)`,
    )
    this.#context.conclude(
      `${EXPERIMENT}: a warm call takes ${(p50("warm") / 1000).toFixed(2)} ms. As multiples of that: ${times.join(", ")}. ` +
        `Without a snapshot, starting the engine and loading the script alone is ` +
        `${(p50("no snapshot") / p50("warm")).toFixed(0)} times a warm call`,
    )
  }

  async #with(options: RuntimeOptions, use: (host: ColdHost) => Promise<void>): Promise<void> {
    const { target } = this.#context
    const host = target ? remoteHost(target) : await embeddedHost(options)
    try {
      await use(host)
    } finally {
      await host.close()
    }
  }

  async #call(host: ColdHost, name: string, into: ColdCall[]): Promise<void> {
    into.push(await host.call(name, this.#input))
    // Lets the worker make its next instance ready, which is no part of this call and would be of the next.
    await sleep(2)
  }

  #add(way: string, calls: readonly ColdCall[]): void {
    const row = this.#row(
      way,
      calls.map(({ us }) => us),
    )
    this.#context.progress(`${EXPERIMENT}: ${way}: ${(row.p50Us / 1000).toFixed(2)} ms`)
    this.#coldShares.set(way, calls.filter(({ cold }) => cold).length / calls.length)
    const instance = calls.map(({ instanceUs }) => instanceUs)
    this.rows.push(row, this.#row(way, instance, "instance"))
  }

  #row(way: string, us: readonly number[], phase?: string): BenchResult {
    return rowOf(EXPERIMENT, way, us, { phase, payloadBytes: this.#input.length })
  }
}
