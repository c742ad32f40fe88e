import { writeFile } from "node:fs/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { packageRoot } from "../src/package-root.ts"
import { commitOf } from "./commit.ts"
import type { BenchContext } from "./context.ts"
import { generatorSummary } from "./generator-summary.ts"
import { load, loadInClone } from "./load.ts"
import { reportText } from "./report-text.ts"
import type { BenchReport, BenchResult } from "./result.ts"
import { resultTable } from "./result-table.ts"
import { machineInfo, versionInfo } from "./run-info.ts"
import type { TargetUrls } from "./target.ts"

/** The experiments by name; each is loaded only when it is run. */
const EXPERIMENTS: Record<string, () => Promise<(context: BenchContext) => Promise<BenchResult[]>>> = {
  "rpc-vs-json": async () => (await import("./rpc-vs-json.ts")).benchRpcVsJson,
  breakdown: async () => (await loadInClone(() => import("./breakdown.ts"))).benchBreakdown,
  relative: async () => (await loadInClone(() => import("./relative.ts"))).benchRelative,
  shop: async () => (await loadInClone(() => import("./shop.ts"))).benchShop,
  "end-to-end": async () => (await import("./end-to-end.ts")).benchEndToEnd,
  channel: async () => (await import("./channel.ts")).benchChannel,
  codec: async () => (await import("./codec.ts")).benchCodec,
  guest: async () => (await import("./guest.ts")).benchGuest,
  cold: async () => (await import("./cold.ts")).benchCold,
  isolation: async () => (await import("./isolation.ts")).benchIsolation,
  schema: async () => (await import("./schema.ts")).benchSchema,
}

/** Names of the experiments. */
export const experimentNames = Object.keys(EXPERIMENTS)

/** Names of those that can measure a running Faasm. */
export const remoteExperimentNames = ["rpc-vs-json", "relative", "breakdown", "shop", "cold", "end-to-end"]

/** How long an interrupted experiment may take to stop its servers, in ms. */
const STOP_MS = 3000

/** Options of {@link runBench}. */
export interface RunBenchOptions {
  /** Which experiments to run; all that can be when empty. */
  names: string[]
  /** Measure briefly: all experiments together within minutes. */
  quick: boolean
  /** Requests a second of `relative`; its own when undefined. */
  rates?: readonly number[]
  /** How often `relative` and `shop` measure each load; their own when undefined. */
  repeats?: number
  /** File for the results. */
  json?: string
  /** Directory for the report. */
  reportDir?: string
  /** The Faasm to measure; the embedded runtime when there is none. */
  target?: TargetUrls
}

/**
 * Runs experiments, prints a table of each, and writes results and report. When interrupted, what has been measured is
 * still written.
 */
export async function runBench(options: RunBenchOptions): Promise<void> {
  const { names, quick, json, reportDir, target } = options
  // Before anything is measured: it may not be installed.
  const writer = reportDir === undefined ? undefined : await load(() => import("./report/write-report.ts"))
  const report: BenchReport = {
    format: 1,
    date: new Date().toISOString(),
    commit: commitOf(packageRoot),
    quick,
    machine: machineInfo(),
    versions: versionInfo(),
    host: target ? `Faasm at ${new URL(target.rpc).host}` : "embedded runtime",
    results: [],
    conclusions: [],
  }
  let underWay: readonly BenchResult[] = []
  const measured = (): BenchReport => ({ ...report, results: [...report.results, ...underWay] })
  const save = async () => {
    if (json) await writeFile(json, reportText(measured()))
  }
  const { cpu, cores, os } = report.machine
  console.log(`${cpu}, ${cores} cores, ${os}, Node ${report.versions.node}${quick ? ", quick" : ""}\n`)
  const everything = target ? remoteExperimentNames : experimentNames
  const context: BenchContext = {
    quick,
    target,
    rates: options.rates,
    repeats: options.repeats,
    times: quick ? { warmupMs: 80, measureMs: 160 } : { warmupMs: 1000, measureMs: 3000 },
    progress: (message) => console.error(`  ${message}`),
    measuring(rows) {
      underWay = rows
    },
    conclude: (sentence) => report.conclusions.push(sentence),
  }
  const runAll = async () => {
    for (const name of names.length > 0 ? names : everything) {
      const run = await load(EXPERIMENTS[name]!)
      const concluded = report.conclusions.length
      const results = await run(context)
      underWay = []
      report.results.push(...results)
      for (const experiment of new Set(results.map((row) => row.experiment))) {
        const rows = results.filter((row) => row.experiment === experiment)
        console.log(`${experiment}\n${resultTable(rows)}\n`)
        const generator = generatorSummary(rows)
        if (generator) context.conclude(`${experiment}: ${generator}`)
      }
      for (const sentence of report.conclusions.slice(concluded)) console.log(`${sentence}\n`)
      await save()
    }
  }
  const running = runAll()
  const ended = running.then(() => "done" as const)
  const interruption = new Promise<"interrupted">((resolve) => {
    process.once("SIGINT", () => resolve("interrupted"))
  })
  try {
    if ((await Promise.race([ended, interruption])) === "done") return
    console.error("interrupted: writing what has been measured")
  } finally {
    await save()
    if (writer) await writer.writeReport(measured(), reportDir!)
  }
  await Promise.race([running.catch(() => {}), sleep(STOP_MS)])
  process.exit(130)
}
