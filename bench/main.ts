import { readFileSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { cpus, release, totalmem, type } from "node:os"
import { join } from "node:path"
import { packageRoot } from "../src/package-root.ts"
import { commitOf } from "./commit.ts"
import type { BenchContext } from "./context.ts"
import { generatorSummary } from "./generator-summary.ts"
import { reportText } from "./report-text.ts"
import type { BenchReport, BenchResult } from "./result.ts"
import { resultTable } from "./result-table.ts"
import type { TargetUrls } from "./target.ts"

/** The experiments by name; each is loaded only when it is run. */
const EXPERIMENTS: Record<string, () => Promise<(context: BenchContext) => Promise<BenchResult[]>>> = {
  "rpc-vs-json": async () => (await import("./rpc-vs-json.ts")).benchRpcVsJson,
  breakdown: async () => (await import("./breakdown.ts")).benchBreakdown,
  relative: async () => (await import("./relative.ts")).benchRelative,
  shop: async () => (await import("./shop.ts")).benchShop,
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
export const remoteExperimentNames = ["rpc-vs-json", "relative", "breakdown", "shop", "end-to-end"]

/** Options of {@link runBench}. */
export interface RunBenchOptions {
  /** Which experiments to run; all that can be when empty. */
  names: string[]
  /** Measure briefly: all experiments together within a minute. */
  quick: boolean
  /** File for the report. */
  json?: string
  /** The Faasm to measure; the embedded runtime when there is none. */
  target?: TargetUrls
}

/**
 * Runs experiments, prints a table of each, and writes the report. When interrupted, what has been measured is still
 * written.
 */
export async function runBench({ names, quick, json, target }: RunBenchOptions): Promise<void> {
  const report: BenchReport = {
    date: new Date().toISOString(),
    commit: commitOf(packageRoot),
    quick,
    machine: machine(),
    versions: versions(),
    results: [],
    conclusions: [],
  }
  let underWay: readonly BenchResult[] = []
  const save = async () => {
    if (json) await writeFile(json, reportText({ ...report, results: [...report.results, ...underWay] }))
  }
  process.once("SIGINT", () => {
    console.error("interrupted: writing what has been measured")
    save().finally(() => process.exit(130))
  })
  const { cpu, cores, os } = report.machine
  console.log(`${cpu}, ${cores} cores, ${os}, Node ${report.versions.node}${quick ? ", quick" : ""}\n`)
  const everything = target ? remoteExperimentNames : experimentNames
  const context: BenchContext = {
    quick,
    target,
    times: quick ? { warmupMs: 80, measureMs: 160 } : { warmupMs: 1000, measureMs: 3000 },
    progress: (message) => console.error(`  ${message}`),
    measuring(rows) {
      underWay = rows
    },
    conclude: (sentence) => report.conclusions.push(sentence),
  }
  for (const name of names.length > 0 ? names : everything) {
    const run = await EXPERIMENTS[name]!()
    const concluded = report.conclusions.length
    const results = await run(context)
    underWay = []
    report.results.push(...results)
    for (const experiment of new Set(results.map((row) => row.experiment))) {
      console.log(`${experiment}\n${resultTable(results.filter((row) => row.experiment === experiment))}\n`)
      const generator = generatorSummary(results.filter((row) => row.experiment === experiment))
      if (generator) context.conclude(`${experiment}: ${generator}`)
    }
    for (const sentence of report.conclusions.slice(concluded)) console.log(`${sentence}\n`)
    await save()
  }
}

function machine(): BenchReport["machine"] {
  const all = cpus()
  return {
    cpu: all[0]?.model ?? "unknown processor",
    cores: all.length,
    memoryBytes: totalmem(),
    os: `${type()} ${release()}`,
  }
}

function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"))
  const result: Record<string, string> = {
    node: process.versions.node,
    v8: process.versions.v8,
    [own.name]: own.version,
  }
  for (const name of ["hono", "@connectrpc/connect-node", "@bufbuild/protobuf", "quickjs-wasi", "undici"]) {
    result[name] = installedVersion(name)
  }
  return result
}

function installedVersion(name: string): string {
  // The package's own file, found without its exports: not every package exports its package.json.
  for (const base of [packageRoot, join(packageRoot, "..", "..")]) {
    try {
      return JSON.parse(readFileSync(join(base, "node_modules", name, "package.json"), "utf8")).version
    } catch {}
  }
  return "unknown"
}
