import { readFileSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { cpus, release, totalmem, type } from "node:os"
import { join } from "node:path"
import { packageRoot } from "../src/package-root.js"
import { resultTable } from "./result-table.js"

/** The experiments by name; each is loaded only when it is run. */
const EXPERIMENTS = {
  "rpc-vs-json": async () => (await import("./rpc-vs-json.js")).benchRpcVsJson,
  "end-to-end": async () => (await import("./end-to-end.js")).benchEndToEnd,
  channel: async () => (await import("./channel.js")).benchChannel,
  codec: async () => (await import("./codec.js")).benchCodec,
  guest: async () => (await import("./guest.js")).benchGuest,
  "cold-start": async () => (await import("./cold-start.js")).benchColdStart,
  reset: async () => (await import("./reset.js")).benchReset,
}
/** Names of the experiments. */
export const experimentNames = Object.keys(EXPERIMENTS)
/**
 * Runs experiments, prints a table of each, and writes the report. When interrupted, what has been measured is still
 * written.
 */
export async function runBench({ names, quick, json }) {
  const report = { machine: machine(), versions: versions(), results: [] }
  const save = async () => {
    if (json) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`)
  }
  process.once("SIGINT", () => {
    console.error("interrupted: writing what has been measured")
    save().finally(() => process.exit(130))
  })
  const { cpu, cores, os } = report.machine
  console.log(`${cpu}, ${cores} cores, ${os}, Node ${report.versions.node}${quick ? ", quick" : ""}\n`)
  const context = {
    quick,
    times: quick ? { warmupMs: 100, measureMs: 200 } : { warmupMs: 1000, measureMs: 3000 },
    progress: (message) => console.error(`  ${message}`),
  }
  for (const name of names.length > 0 ? names : experimentNames) {
    const run = await EXPERIMENTS[name]()
    const results = await run(context)
    report.results.push(...results)
    console.log(`${name}\n${resultTable(results)}\n`)
    await save()
  }
}
function machine() {
  const all = cpus()
  return {
    cpu: all[0]?.model ?? "unknown processor",
    cores: all.length,
    memoryBytes: totalmem(),
    os: `${type()} ${release()}`,
  }
}
function versions() {
  const own = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"))
  const result = {
    node: process.versions.node,
    v8: process.versions.v8,
    [own.name]: own.version,
  }
  for (const name of ["hono", "@connectrpc/connect-node", "@bufbuild/protobuf", "quickjs-wasi", "undici"]) {
    result[name] = installedVersion(name)
  }
  return result
}
function installedVersion(name) {
  // The package's own file, found without its exports: not every package exports its package.json.
  for (const base of [packageRoot, join(packageRoot, "..", "..")]) {
    try {
      return JSON.parse(readFileSync(join(base, "node_modules", name, "package.json"), "utf8")).version
    } catch {}
  }
  return "unknown"
}
