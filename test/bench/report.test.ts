import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { DOMParser, onErrorStopParsing } from "@xmldom/xmldom"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { PHASES } from "../../bench/phases.ts"
import { readReport } from "../../bench/report/read-report.ts"
import { writeReport } from "../../bench/report/write-report.ts"
import { reportText } from "../../bench/report-text.ts"
import type { BenchReport, BenchResult } from "../../bench/result.ts"
import { rowOf } from "../../bench/row.ts"

const HOSTILE = `</title></svg><script>alert(1)</script>"'&\u0000\ud800 | [x](y) \`z\``
const FUNCTIONS = ["fannkuch", "shop order", HOSTILE]

const samples = (us: number, count = 300) => Array.from({ length: count }, (_, i) => us + i)

/** Rows as the experiments make them. */
const results: BenchResult[] = [
  ...FUNCTIONS.flatMap((name) => [
    rowOf("relative", "native function", samples(100), { function: name }),
    rowOf("relative", "guest function", samples(3000), { function: name }),
    ...[1, 50].flatMap((ratePerSecond) => [
      rowOf("relative", "native", samples(900), { function: name, ratePerSecond }),
      rowOf("relative", "offloaded", samples(4000), { function: name, ratePerSecond }),
    ]),
  ]),
  ...["native", "offloaded"].map((way) =>
    rowOf("shop", way, samples(500), { function: HOSTILE, inFlight: 64, serverCpuUsPerCall: 90 }),
  ),
  ...FUNCTIONS.flatMap((name) => [
    rowOf("breakdown", "offloaded", samples(1400), { function: name }),
    ...PHASES.map((phase) => rowOf("breakdown", "offloaded", samples(100), { function: name, phase })),
  ]),
  ...["engine start", "script parse", "script load"].map((phase) =>
    rowOf("breakdown", "no snapshot", samples(50_000), { phase }),
  ),
  ...["tcp", "native", "rpc", "json"].flatMap((way) =>
    [0, 1_000_000].map((payloadBytes) =>
      rowOf("rpc-vs-json", way, samples(200), { payloadBytes, p999Us: 900, wireBytesPerCall: 2_000_100 }),
    ),
  ),
  ...["rpc", "json"].flatMap((way) =>
    [1, 64].map((inFlight) =>
      rowOf("rpc-vs-json", way, samples(200), { kind: HOSTILE, payloadBytes: 1000, inFlight }),
    ),
  ),
  rowOf("rpc-vs-json", "poll every 2 s, new connections", samples(2e6, 4), { payloadBytes: 100 }),
  ...[1, 2].map((n) =>
    rowOf("rpc-vs-json", "rpc", samples(200), { callsMade: n * 1000, hostMemoryMib: 90 + n }),
  ),
  ...["warm", "never run"].flatMap((way) => [
    rowOf("cold", way, samples(700)),
    rowOf("cold", way, samples(20), { phase: "instance" }),
  ]),
  ...["put back", "fresh"].flatMap((way) => [
    rowOf("isolation", way, samples(300)),
    rowOf("isolation", way, samples(200), { phase: "call" }),
    // Nothing to do takes no time that the clock can tell.
    rowOf("isolation", way, [0, 0, 0], { phase: "reset" }),
  ]),
  rowOf(`other ${HOSTILE}`, HOSTILE, samples(10)),
]

const report: BenchReport = {
  format: 1,
  date: "2026-01-01T00:00:00.000Z",
  commit: "abc",
  quick: true,
  machine: { cpu: HOSTILE, cores: 2, memoryBytes: 2 ** 34, os: "Linux" },
  versions: { node: HOSTILE },
  host: "embedded runtime",
  results,
  conclusions: [
    `cold: ${HOSTILE}`,
    "isolation: a sentence of isolation",
    "shop, back to back: a sentence of the shop",
  ],
}

let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "hono-faasm-report-"))
  await writeReport(report, join(dir, "made", "here"))
})

afterAll(() => rm(dir, { recursive: true, force: true }))

const read = (name: string) => readFile(join(dir, "made", "here", name), "utf8")
const svgNames = async () =>
  (await readdir(join(dir, "made", "here"))).filter((name) => name.endsWith(".svg"))

/** Addresses of something else, beside the name of SVG's namespace. */
function addresses(text: string): string[] {
  return [
    ...text
      .replaceAll('xmlns="http://www.w3.org/2000/svg"', "")
      .matchAll(/https?:|url\(|@import|<link|src=/g),
  ].map(([found]) => found)
}

describe("a report", () => {
  it("has figures that are well-formed, self-contained SVG with both colour schemes", async () => {
    const names = await svgNames()
    expect(names).toHaveLength(18)
    for (const name of names) {
      const svg = await read(name)
      const root = new DOMParser({ onError: onErrorStopParsing }).parseFromString(svg, "text/xml")
        .documentElement!
      expect(root.tagName).toBe("svg")
      expect([...root.getElementsByTagName("script")]).toEqual([])
      expect([name, addresses(svg)]).toEqual([name, []])
      expect(svg).toContain("prefers-color-scheme:dark")
      expect(svg).not.toMatch(/NaN|undefined|Infinity/)
      // Every colour but none has one for light and one for dark.
      const colours = [...svg.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, value]) => value!)
      expect(colours.filter((value) => !/^(none|transparent|var\(--[\w-]+\))$/.test(value))).toEqual([])
    }
  })

  it("has one page with every experiment and figure, and nothing from elsewhere", async () => {
    const page = await read("report.html")
    for (const title of [
      "Relative latency",
      "Routes with real bodies",
      "Breakdown",
      "RPC against JSON",
      "Cold and warm",
      "Isolation",
    ]) {
      expect(page).toContain(`>${title}</h2>`)
    }
    expect(page.match(/<svg /g)).toHaveLength(18)
    expect(page).toContain(">a sentence of isolation<")
    expect(page).toContain(">back to back: a sentence of the shop<")
    expect(addresses(page)).toEqual([])
    expect(page).not.toContain("<script")
    expect(page).toContain("&lt;script&gt;alert(1)")
  })

  it("has a summary in Markdown whose figures are beside it, and whose cells stay cells", async () => {
    const summary = await read("summary.md")
    const figures = [...summary.replace(/\\./g, "").matchAll(/!\[[^\]]*\]\(([^)]*)\)/g)].map(
      ([, file]) => file,
    )
    expect(figures.sort()).toEqual((await svgNames()).sort())
    expect(summary).not.toMatch(/(^|[^\\])<script/)
    for (const table of summary.split("\n\n").filter((block) => block.startsWith("|"))) {
      const cells = table
        .trim()
        .split("\n")
        .map((line) => line.replace(/\\./g, "").split("|").length)
      expect(new Set(cells).size).toBe(1)
    }
  })

  it("has results with few samples, of which the same report can be made again", async () => {
    const file = join(dir, "made", "here", "report.json")
    const again = await readReport(file)
    expect(again.results).toHaveLength(results.length)
    expect(Math.max(...again.results.map(({ samplesUs }) => samplesUs!.length))).toBe(100)
    const cli = join(import.meta.dirname, "../../src/cli/main.ts")
    const args = ["--import", "tsx", cli, "bench", "report", file, "--out", join(dir, "again")]
    await promisify(execFile)(process.execPath, args)
    expect(await readFile(join(dir, "again", "report.html"), "utf8")).toBe(await read("report.html"))
  })
})

describe("a file of results", () => {
  const text = reportText(report)
  const changed = (change: (copy: BenchReport) => void) => {
    const copy = JSON.parse(text)
    change(copy)
    return JSON.stringify(copy)
  }

  it.each([
    ["is no JSON", "{", /JSON/],
    ["is no object", "[]", /format/],
    ["is of another kind", '{"format":1}', /no date/],
    [
      "lacks a figure",
      changed(({ results }) => delete (results[3] as Partial<BenchResult>).p50Us),
      /result 3 .*p50Us/,
    ],
    [
      "has a wrong figure",
      changed(({ results }) => Object.assign(results[2]!, { p99Us: "1" })),
      /result 2 .*p99Us/,
    ],
    [
      "has a wrong sample",
      changed(({ results }) => results[1]!.samplesUs!.push(null as never)),
      /result 1 .*samplesUs/,
    ],
    [
      "has a wrong name",
      changed(({ results }) => Object.assign(results[0]!, { function: {} })),
      /result 0 .*function/,
    ],
  ])("that %s is refused", async (_, content, message) => {
    const file = join(dir, "wrong.json")
    await writeFile(file, content)
    await expect(readReport(file)).rejects.toMatchObject({ code: "unreadable-report" })
    await expect(readReport(file)).rejects.toThrow(message)
  })

  it("that is not there is refused", async () => {
    await expect(readReport(join(dir, "none.json"))).rejects.toThrow(/none\.json/)
  })
})

it("keeps what has been measured when a run is interrupted", async () => {
  const cli = join(import.meta.dirname, "../../src/cli/main.ts")
  const [json, out] = [join(dir, "interrupted.json"), join(dir, "interrupted")]
  const args = [
    "--import",
    "tsx",
    cli,
    "bench",
    "channel",
    "codec",
    "--quick",
    "--json",
    json,
    "--report",
    out,
  ]
  const bench = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] })
  let told = ""
  bench.stderr.on("data", (chunk) => {
    told += chunk
    // The second measurement has begun: the first is in.
    if (told.includes("100 bytes, 8 in flight") && !bench.killed) bench.kill("SIGINT")
  })
  const [code] = await once(bench, "exit")
  expect([code, told]).toEqual([130, expect.stringContaining("interrupted")])
  const { results } = await readReport(json)
  expect(results.length).toBeGreaterThanOrEqual(2)
  expect(results.every(({ experiment }) => experiment === "channel")).toBe(true)
  expect(await readFile(join(out, "report.html"), "utf8")).toContain(">channel</h2>")
})
