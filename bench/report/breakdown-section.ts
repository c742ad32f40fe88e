import { isWhole, meanShares } from "../phase-shares.ts"
import { HANDLERS, PHASES } from "../phases.ts"
import type { BenchResult } from "../result.ts"
import { medianOf } from "../row.ts"
import { distinct, type Figure } from "./figure.ts"
import type { SectionContent, Table } from "./section.ts"
import { ms, number, percent } from "./text.ts"
import { colour } from "./theme.ts"

/** Blue is the gateway's own work, orange the way and the waiting, green the guest around the handler. */
const PHASE_COLOURS: Record<(typeof PHASES)[number], string> = {
  "gateway parse": "blue-1",
  validate: "blue-2",
  encode: "blue-3",
  "channel out": "orange-1",
  channel: "orange-2",
  queue: "orange-3",
  instance: "green-1",
  "guest decode": "green-2",
  handler: "grey",
  function: "grey",
  "guest encode": "green-3",
  "channel back": "orange-4",
  "gateway decode": "blue-4",
  respond: "blue-5",
}

/** The share of each phase, with and without the handler, and what the snapshot saves. */
export function breakdownSection(rows: readonly BenchResult[]): SectionContent {
  const phases = rows.filter(
    (row) => row.way === "offloaded" && row.phase !== undefined && PHASES.includes(row.phase as never),
  )
  const overhead = phases.filter((row) => !HANDLERS.has(row.phase!))
  const loads = rows.filter((row) => row.way === "no snapshot")
  return {
    title: "Breakdown",
    intro:
      "Where the time of a request goes, one at a time, by timestamps of the gateway, the host and the guest. Medians " +
      "of each phase.",
    figures: [
      ...(phases.length === 0
        ? []
        : [
            phaseFigure(
              phases,
              "breakdown",
              "Share of each phase",
              "Blue is the gateway's own work, orange the channel and the waiting, green the guest around the handler, grey the handler.",
              "normalize",
            ),
            phaseFigure(
              overhead,
              "breakdown-without-handler",
              "Share of each phase, without the handler",
              "The same without the handler's time.",
              "normalize",
            ),
            phaseFigure(
              overhead,
              "breakdown-overhead",
              "Time of each phase, without the handler",
              "The same in milliseconds: what offloading adds around the handler, Hono's own work included.",
              "zero",
            ),
          ]),
      ...(loads.length === 0 ? [] : [loadFigure(rows, loads)]),
    ],
    tables: [
      ...(phases.length === 0 ? [] : [phaseTable(rows)]),
      ...(loads.length === 0 ? [] : [loadTable(loads)]),
    ],
  }
}

function phaseFigure(
  rows: readonly BenchResult[],
  name: string,
  title: string,
  caption: string,
  stack: "normalize" | "zero",
): Figure {
  const present = PHASES.filter((phase) => rows.some((row) => row.phase === phase))
  const values = rows.map((row) => ({
    function: row.function,
    phase: row.phase,
    ms: row.p50Us / 1000,
    order: PHASES.indexOf(row.phase as never),
  }))
  return {
    name,
    title,
    caption,
    spec: {
      width: 600,
      height: { step: 21 },
      data: { values },
      mark: { type: "bar", stroke: colour("surface"), strokeWidth: 1 },
      encoding: {
        y: {
          field: "function",
          type: "nominal",
          title: null,
          sort: distinct(values.map((one) => one.function!)),
        },
        x: {
          field: "ms",
          type: "quantitative",
          stack,
          title: stack === "normalize" ? "share of the sum of the phases" : "ms",
          axis: stack === "normalize" ? { format: "%" } : {},
        },
        color: {
          field: "phase",
          type: "nominal",
          title: null,
          scale: { domain: [...present], range: present.map((phase) => colour(PHASE_COLOURS[phase])) },
          legend: { columns: 6 },
        },
        order: { field: "order", type: "quantitative" },
      },
    },
  }
}

const WITH = "with the snapshot"
const BYTECODE = "without, shipped as bytecode"
const TEXT = "without, shipped as text"

function loadFigure(rows: readonly BenchResult[], loads: readonly BenchResult[]): Figure {
  const of = (phase: string) => (loads.find((row) => row.phase === phase)?.p50Us ?? 0) / 1000
  const instances = rows.filter((row) => row.way === "offloaded" && row.phase === "instance")
  const parts = ["instance taken", "engine start", "script parse", "script load"]
  const values = [
    {
      function: WITH,
      phase: parts[0],
      ms: medianOf(instances.map((row) => row.p50Us)) / 1000 || 0,
      order: 0,
    },
    ...["engine start", "script parse", "script load"].map((phase, order) => ({
      function: TEXT,
      phase,
      ms: of(phase),
      order,
    })),
    ...["engine start", "script load"].map((phase, order) => ({
      function: BYTECODE,
      phase,
      ms: of(phase),
      order,
    })),
  ]
  return {
    name: "breakdown-script-load",
    title: "Loading the script, with and without the snapshot",
    caption:
      "What each call would begin with if the function were not a snapshot of the loaded app. With it, a call takes an instance in which the app is loaded, here the median of all functions.",
    spec: {
      width: 560,
      height: { step: 28 },
      data: { values },
      encoding: { y: { field: "function", type: "nominal", title: null, sort: [WITH, BYTECODE, TEXT] } },
      layer: [
        {
          mark: { type: "bar", stroke: colour("surface"), strokeWidth: 1 },
          encoding: {
            x: { field: "ms", type: "quantitative", title: "ms before the function can begin" },
            color: {
              field: "phase",
              type: "nominal",
              title: null,
              scale: { domain: parts, range: ["blue", "green-1", "green-3", "orange-2"].map(colour) },
            },
            order: { field: "order", type: "quantitative" },
          },
        },
        {
          mark: { type: "text", align: "left", dx: 6, color: colour("text") },
          encoding: {
            x: { aggregate: "sum", field: "ms", type: "quantitative" },
            text: { aggregate: "sum", field: "ms", type: "quantitative", format: ".3~r" },
          },
        },
      ],
    },
  }
}

function phaseTable(rows: readonly BenchResult[]): Table {
  const functions = rows.filter(isWhole).map((row) => row.function!)
  const present = PHASES.filter((phase) => rows.some((row) => row.way === "offloaded" && row.phase === phase))
  const all = meanShares(rows, PHASES)
  const without = meanShares(
    rows,
    PHASES.filter((phase) => !HANDLERS.has(phase)),
  )
  const wholes = rows.filter(isWhole)
  return {
    caption: `Phases of an offloaded request, over ${functions.length} functions and routes`,
    columns: ["<phase", "mean share", "mean share without handler", "median time, us"],
    rows: [
      ...present.map((phase) => [
        phase,
        percent(all.get(phase) ?? 0),
        HANDLERS.has(phase) ? "–" : percent(without.get(phase) ?? 0),
        number(
          medianOf(
            rows.filter((row) => row.way === "offloaded" && row.phase === phase).map((row) => row.p50Us),
          ),
        ),
      ]),
      ["the whole request", "–", "–", number(medianOf(wholes.map((row) => row.p50Us)))],
    ],
  }
}

function loadTable(loads: readonly BenchResult[]): Table {
  return {
    caption: "What the snapshot saves each call, in ms",
    columns: ["<part", "p50", "p99"],
    rows: loads.map((row) => [row.phase ?? "", ms(row.p50Us), ms(row.p99Us)]),
  }
}
