import { Command } from "commander"
import { experimentNames, runBench } from "../../bench/main.ts"

/** `hono-faasm bench`: what offloading costs, and what RPC saves over JSON. */
export function benchCommand(): Command {
  return new Command("bench")
    .description(
      "Measure: RPC against JSON against native, the codecs, cold start, the cost of a fresh memory.",
    )
    .argument("[names...]", `which experiments (${experimentNames.join(", ")}); all by default`)
    .option("--quick", "measure briefly: for a look, not for figures to quote")
    .option("--json <file>", "write machine, versions and results as JSON")
    .action(async (names: string[], flags: { quick?: boolean; json?: string }, command: Command) => {
      const unknown = names.find((name) => !experimentNames.includes(name))
      if (unknown !== undefined) {
        command.error(`error: no experiment '${unknown}'; there are ${experimentNames.join(", ")}`)
      }
      await runBench({ names, quick: flags.quick ?? false, json: flags.json })
    })
}
