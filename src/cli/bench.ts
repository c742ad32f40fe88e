import { Command } from "commander"
import { experimentNames, remoteExperimentNames, runBench } from "../../bench/main.ts"

interface BenchFlags {
  quick?: boolean
  json?: string
  rpc?: string
  planner?: string
  uploadUrl?: string
}

/** `hono-faasm bench`: what offloading costs, and what RPC saves over JSON. */
export function benchCommand(): Command {
  return new Command("bench")
    .description(
      "Measure: RPC against JSON against native, the codecs, cold start, the cost of a fresh memory.",
    )
    .argument("[names...]", `which experiments (${experimentNames.join(", ")}); all by default`)
    .option("--quick", "measure briefly: for a look, not for figures to quote")
    .option("--json <file>", "write machine, versions and results as JSON")
    .option("--rpc <url>", "measure on a running Faasm, with this FunctionService")
    .option("--planner <url>", "the planner of that Faasm")
    .option("--upload-url <url>", "the upload server of that Faasm")
    .action(async (names: string[], flags: BenchFlags, command: Command) => {
      const unknown = names.find((name) => !experimentNames.includes(name))
      if (unknown !== undefined) {
        command.error(`error: no experiment '${unknown}'; there are ${experimentNames.join(", ")}`)
      }
      const { rpc, planner, uploadUrl: upload } = flags
      const target = rpc && planner && upload ? { rpc, planner, upload } : undefined
      if (!target && (rpc ?? planner ?? upload) !== undefined) {
        command.error("error: --rpc, --planner and --upload-url are needed together")
      }
      const inProcess = target && names.find((name) => !remoteExperimentNames.includes(name))
      if (inProcess !== undefined) {
        command.error(
          `error: '${inProcess}' measures in this process; on a Faasm there are ${remoteExperimentNames.join(", ")}`,
        )
      }
      await runBench({ names, quick: flags.quick ?? false, json: flags.json, target })
    })
}
