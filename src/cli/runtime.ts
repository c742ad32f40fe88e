import { Command } from "commander"
import { startRuntime } from "../runtime/index.ts"
import { parsePort, wholeNumber } from "./options.ts"
import { closeOnSignal } from "./shutdown.ts"

/** `hono-faasm runtime`: the embedded, Faasm-compatible host as a process of its own. */
export function runtimeCommand(): Command {
  return new Command("runtime")
    .description("Run the embedded Faasm-compatible host: FunctionService, the planner's HTTP/JSON API, uploads.")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--rpc-port <port>", "FunctionService (HTTP/2 cleartext); 0 picks a free one", parsePort, 8090)
    .option("--planner-port <port>", "the planner's HTTP/JSON API", parsePort, 8080)
    .option("--upload-port <port>", "the upload API", parsePort, 8002)
    .option("--slots <n>", "functions that run at once; the default is one per core", wholeNumber(1, 1024))
    .action(
      async (flags: { host: string; rpcPort: number; plannerPort: number; uploadPort: number; slots?: number }) => {
        const runtime = await startRuntime({
          host: flags.host,
          rpcPort: flags.rpcPort,
          plannerPort: flags.plannerPort,
          uploadPort: flags.uploadPort,
          slots: flags.slots,
          log: (line) => console.error(line),
        })
        closeOnSignal(() => runtime.close())
        console.log(`rpc ${runtime.rpcUrl}\nplanner ${runtime.plannerUrl}\nupload ${runtime.uploadUrl}`)
      },
    )
}
