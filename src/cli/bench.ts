import { Command, InvalidArgumentError } from "commander"
import { load } from "../../bench/load.ts"
import { experimentNames, remoteExperimentNames, runBench } from "../../bench/main.ts"
import { wholeNumber } from "./options.ts"

interface BenchFlags {
  quick?: boolean
  rates?: number[]
  repeats?: number
  json?: string
  report?: string
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
    .option(
      "--rates <list>",
      "requests a second of 'relative' (default: 1,5,10,20,30,40,50,75,100)",
      parseRates,
    )
    .option(
      "--repeats <n>",
      "how often 'relative' and 'shop' measure each load (default: 5 and 3)",
      wholeNumber(1, 100),
    )
    .option("--json <file>", "write machine, versions and results as JSON")
    .option("--report <dir>", "write a report: HTML page, figures as SVG, Markdown summary, JSON")
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
      const { rates, repeats, json, report: reportDir, quick = false } = flags
      await runBench({ names, quick, rates, repeats, json, reportDir, target })
    })
    .addCommand(reportCommand())
}

/** `hono-faasm bench report`: the report of a run that has been measured. */
function reportCommand(): Command {
  return new Command("report")
    .description("Make the report of results that were written with --json, without measuring.")
    .argument("<file>", "the results")
    .requiredOption("-o, --out <dir>", "directory for the report")
    .action(async (file: string, { out }: { out: string }) => {
      const { readReport } = await import("../../bench/report/read-report.ts")
      const report = await readReport(file)
      const { writeReport } = await load(() => import("../../bench/report/write-report.ts"))
      for (const written of await writeReport(report, out)) console.log(written)
    })
}

/** Parses requests a second, such as `1,10,0.5`. */
function parseRates(text: string): number[] {
  const rates = text.split(",").map(Number)
  if (rates.some((rate) => !(rate >= 0.1 && rate <= 10_000))) {
    throw new InvalidArgumentError("Expected requests a second, 0.1 to 10000, such as 1,10,100.")
  }
  return rates
}
