import { Command } from "commander"
import { parsePort, wholeNumber } from "./options.ts"
import { closeOnSignal } from "./shutdown.ts"

/** `hono-faasm runtime`: the embedded, Faasm-compatible host as a process of its own. */
export function runtimeCommand(): Command {
  return new Command("runtime")
    .description(
      "Run the embedded Faasm-compatible host: FunctionService, the planner's HTTP/JSON API and uploads, on one port.",
    )
    .option("--host <address>", "address to listen on; whoever reaches it can run code", "127.0.0.1")
    .option("-p, --port <port>", "port to listen on; 0 picks a free one", parsePort, 8080)
    .option("--slots <n>", "calls that run at once; the default is one per core", wholeNumber(1, 1024))
    .option("--queue <n>", "calls that wait for a slot", wholeNumber(0, 1_000_000), 1024)
    .action(async (flags: { host: string; port: number; slots?: number; queue: number }) => {
      const { startRuntime } = await import("../runtime/index.ts")
      const runtime = await startRuntime({
        host: flags.host,
        port: flags.port,
        slots: flags.slots,
        queueLimit: flags.queue,
      })
      closeOnSignal(() => runtime.close())
      console.log(`listening on ${runtime.url}`)
    })
}
