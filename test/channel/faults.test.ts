import { setMaxListeners } from "node:events"
import { afterEach, describe, expect, it } from "vitest"
import { InvokeError, openChannel } from "../../src/channel/index.ts"
import { ErrorKind } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { describeServers, type TestServer } from "../support/function-servers.ts"
import { referencedBytes } from "../support/referenced-bytes.ts"
import { seededRandom, startChaosProxy } from "./chaos-proxy.ts"

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function closing<T extends { close(): Promise<void> }>(thing: T): T {
  cleanups.push(() => thing.close())
  return thing
}

const echo = (input: string, idempotent = false) => ({
  user: "u",
  function: "echo",
  input: Buffer.from(input),
  idempotent,
  timeoutMs: 120_000,
})

/** Waits until something has happened. */
const until = (happened: () => boolean) => expect.poll(happened, { interval: 2 }).toBe(true)

/** Fails when a call was not answered by its own output, or its function did not run exactly once. */
function expectOnce(invoker: TestServer["invoker"], outputs: { output: Uint8Array }[]): void {
  outputs.forEach(({ output }, i) => {
    const text = Buffer.from(output).toString("latin1")
    if (!text.startsWith(`${i}.`))
      throw new Error(`call ${i} got another call's output: ${text.slice(0, 20)}`)
  })
  const wrong = [...invoker.runs].filter(([, runs]) => runs !== 1).map(([input]) => input.slice(0, 10))
  expect(wrong).toEqual([])
  expect(invoker.runs.size).toBe(outputs.length)
}

describeServers(({ start }) => {
  describe("calls across lost connections", () => {
    for (const seed of [1, 2, 3]) {
      it(`are answered once by one run, whatever a proxy does (seed ${seed})`, async () => {
        const random = seededRandom(seed)
        const server = closing(await start({ credits: 1000, echoDelayMs: [0, 40], random }))
        const proxy = closing(
          await startChaosProxy(server.url, {
            seed,
            rates: { cut: 0.02, truncate: 0.02, stall: 0.003, delay: 0.2 },
          }),
        )
        const channel = closing(
          openChannel({
            servers: [proxy.url],
            outageMs: 120_000,
            resumeMs: 120_000,
            pingIntervalMs: 50,
            pingTimeoutMs: 200,
          }),
        )
        let next = 0
        let answered = 0
        const outputs: { output: Uint8Array }[] = []
        // 1,000 in flight, 3,000 in all, and more on a machine that is done with them before enough connections are cut.
        const enough = () => next >= 3000 && proxy.connections() > 5
        const lane = async () => {
          while (!enough()) {
            const i = next++
            outputs[i] = await channel.invoke(echo(`${i}.${"x".repeat(Math.floor(random() * 500))}`))
            // By progress, not by the clock: a slow machine must get on between two cuts.
            if (++answered % 400 === 0) proxy.cutAll()
          }
        }
        await Promise.all(Array.from({ length: 1000 }, lane))
        expectOnce(server.invoker, outputs)
        expect(proxy.connections()).toBeGreaterThan(5)
        proxy.calm()
        await channel.close()
        expect(server.invoker.running).toBe(0)
      })
    }

    it("end with the results that were on their way, when the connection was cut right then", async () => {
      const server = closing(await start({ echoDelayMs: [30, 30] }))
      const proxy = closing(await startChaosProxy(server.url, { seed: 1, rates: {} }))
      const channel = closing(openChannel({ servers: [proxy.url] }))
      await channel.ready()
      const answers = Array.from({ length: 100 }, (_, i) => channel.invoke(echo(`${i}.`)))
      await until(() => server.invoker.runs.size === 100)
      proxy.cutAll()
      expectOnce(server.invoker, await Promise.all(answers))
    })

    it("go on when the server is silent but the connection is open", async () => {
      const server = closing(await start())
      const proxy = closing(await startChaosProxy(server.url, { seed: 1, rates: {} }))
      const channel = closing(openChannel({ servers: [proxy.url], pingIntervalMs: 50, pingTimeoutMs: 50 }))
      await channel.ready()
      proxy.stallAll()
      const { output } = await channel.invoke(echo("0."))
      expect(Buffer.from(output).toString()).toBe("0.")
      expect(server.invoker.runs.size).toBe(1)
    })

    it("end at their deadline when the server is silent for longer", async () => {
      const server = closing(await start())
      const proxy = closing(await startChaosProxy(server.url, { seed: 1, rates: {} }))
      const channel = closing(openChannel({ servers: [proxy.url] }))
      await channel.ready()
      proxy.stallAll()
      const error = await channel.invoke({ ...echo("0."), timeoutMs: 100 }).catch((e) => e)
      expect(error).toBeInstanceOf(InvokeError)
      expect(error).toMatchObject({ kind: ErrorKind.TIMEOUT, mayHaveRun: true })
      proxy.cutAll()
    })
  })

  describe("calls under load while a server drains", () => {
    it("are answered once by one run, and none fails", async () => {
      const options = { echoDelayMs: [0, 20], drainMs: 120_000 } as const
      const [leaving, staying] = [closing(await start(options)), closing(await start(options))]
      const channel = closing(openChannel({ servers: [leaving.url, staying.url] }))
      await expect.poll(() => channel.status().every(({ ready }) => ready)).toBe(true)
      let next = 0
      const outputs: { output: Uint8Array }[] = []
      let ranOnLeaving: number | undefined
      const lane = async () => {
        // Calls go on until it has drained, and then some.
        for (let i = next++; i < 3000 || ranOnLeaving === undefined; i = next++) {
          if (i === 1000) void leaving.drain().then(() => (ranOnLeaving = leaving.invoker.runs.size))
          outputs[i] = await channel.invoke(echo(`${i}.`))
        }
      }
      await Promise.all(Array.from({ length: 200 }, lane))
      for (let i = 0; i < 50; i++) outputs.push(await channel.invoke(echo(`${outputs.length}.`)))
      const runs = new Map(leaving.invoker.runs)
      for (const [input, count] of staying.invoker.runs) runs.set(input, (runs.get(input) ?? 0) + count)
      expectOnce({ ...leaving.invoker, runs }, outputs)
      expect(ranOnLeaving).toBeGreaterThan(0)
      expect(leaving.invoker.runs.size).toBe(ranOnLeaving)
      expect(leaving.invoker.running).toBe(0)
    })
  })

  describe("calls across a server's death", () => {
    async function killDuringCalls(restart: boolean) {
      const first = await start({ echoDelayMs: [1e6, 1e6] })
      const second = restart ? closing(await start()) : undefined
      let target = first.url
      const proxy = closing(await startChaosProxy(() => target, { seed: 1, rates: {} }))
      // Only who waits in vain should not wait for long.
      const limits = restart ? {} : { resumeMs: 500, outageMs: 300 }
      const channel = closing(openChannel({ servers: [proxy.url], ...limits }))
      await channel.ready()
      const outcomes = Promise.allSettled(
        Array.from({ length: 1000 }, (_, i) => channel.invoke(echo(`${i}.`, i % 2 === 0))),
      )
      await until(() => first.invoker.runs.size === 1000)
      // Its process is gone, so that nobody says good-bye.
      target = second?.url ?? "http://127.0.0.1:1"
      proxy.cutAll()
      await first.close()
      return { outcomes: await outcomes, second, channel }
    }

    it("are repeated when they are idempotent; the others end with the error that they may have run", async () => {
      const { outcomes, second, channel } = await killDuringCalls(true)
      outcomes.forEach((outcome, i) => {
        if (i % 2 === 0) expect(outcome.status).toBe("fulfilled")
        else if (outcome.status === "rejected") {
          expect(outcome.reason).toBeInstanceOf(InvokeError)
          expect(outcome.reason).toMatchObject({ kind: ErrorKind.UNAVAILABLE, mayHaveRun: true })
          expect(outcome.reason.message).toMatch(/may have run/)
        } else throw new Error(`call ${i} was repeated`)
      })
      expect([...second!.invoker.runs.values()].every((runs) => runs === 1)).toBe(true)
      expect(second!.invoker.runs.size).toBe(500)
      expect(Buffer.from((await channel.invoke(echo("again"))).output).toString()).toBe("again")
    })

    it("end with an error when no server comes back", async () => {
      const { outcomes } = await killDuringCalls(false)
      for (const outcome of outcomes) {
        expect(outcome.status).toBe("rejected")
        expect((outcome as PromiseRejectedResult).reason).toMatchObject({
          kind: ErrorKind.UNAVAILABLE,
          mayHaveRun: true,
        })
      }
    })

    it("move to another server when they are idempotent", async () => {
      const [dying, other] = [await start({ echoDelayMs: [1e6, 1e6] }), closing(await start())]
      const channel = closing(openChannel({ servers: [dying.url, other.url], resumeMs: 200 }))
      await until(() => channel.status().every(({ ready }) => ready))
      const answers = Promise.all(Array.from({ length: 100 }, (_, i) => channel.invoke(echo(`${i}.`, true))))
      await until(() => dying.invoker.runs.size === 50)
      await dying.close()
      expect((await answers).length).toBe(100)
      expect(other.invoker.runs.size).toBe(100)
    })
  })

  describe("many calls", () => {
    it("leave nothing behind", async () => {
      const server = closing(await start({ record: false }))
      const channel = closing(openChannel({ servers: [server.url] }))
      const controller = new AbortController()
      setMaxListeners(0, controller.signal)
      let next = 0
      const lane = async (last: number) => {
        while (next++ < last) await channel.invoke({ ...echo("x".repeat(100)), signal: controller.signal })
      }
      const run = (last: number) => Promise.all(Array.from({ length: 64 }, () => lane(last)))
      await run(20_000)
      const before = referencedBytes()
      const resources = process.getActiveResourcesInfo().length
      await run(120_000)
      // 100,000 calls: 50 bytes of one are seen.
      await expect.poll(() => referencedBytes() - before).toBeLessThan(5_000_000)
      await expect.poll(() => process.getActiveResourcesInfo().length).toBeLessThanOrEqual(resources + 2)
      expect(channel.status()[0]!.inFlight).toBe(0)
    })

    it("leave no socket or timer open when the channel is closed", async () => {
      const server = await start()
      const open = () => process.getActiveResourcesInfo().filter((name) => name !== "Immediate").length
      const before = open()
      for (let i = 0; i < 20; i++) {
        const channel = openChannel({ servers: [server.url] })
        await channel.invoke(echo("x"))
        await channel.close()
      }
      await expect.poll(open).toBeLessThanOrEqual(before)
      await expect.poll(() => server.sessions()).toBe(0)
      await server.close()
    })
  })
})
