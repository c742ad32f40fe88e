import type { TopLevelSpec } from "vega-lite"
import type { BenchResult } from "../result.ts"
import { colour } from "./theme.ts"

/** A plot of some results. */
export interface Figure {
  /** Names its file; unique within a report. */
  name: string
  title: string
  /** What is to be seen, and how to read it. */
  caption: string
  spec: TopLevelSpec
}

/** The colours of the ways that experiments compare; others take the rest in turn. */
const WAY_COLOURS: Record<string, string> = {
  native: "blue",
  offloaded: "orange",
  rpc: "orange",
  json: "green",
  tcp: "grey",
}
const OTHER_COLOURS = ["violet", "yellow", "pink", "grey", "green-1", "blue-1"]

/** A colour scale of ways: the same way has the same colour in every figure. */
export function wayScale(ways: readonly string[]): { domain: string[]; range: string[] } {
  const others = ways.filter((way) => !Object.hasOwn(WAY_COLOURS, way))
  const other = (way: string) => OTHER_COLOURS[others.indexOf(way) % OTHER_COLOURS.length]!
  const range = ways.map((way) => colour(others.includes(way) ? other(way) : WAY_COLOURS[way]!))
  return { domain: [...ways], range }
}

/** Labels of an axis whose values may be fractions or thousands. */
export const SHORT_LABELS = "datum.value >= 1000 ? format(datum.value, '~s') : format(datum.value, '~r')"

/** Distinct values, in their order. */
export function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}

/** The ways of some rows, in their order. */
export function waysOf(rows: readonly BenchResult[]): string[] {
  return distinct(rows.map((row) => row.way))
}

/** A number of bytes, short: `0`, `100 B`, `1 kB`, `1 MB`. */
export function bytesLabel(bytes: number): string {
  if (bytes === 0) return "empty"
  const [divisor, unit] = bytes < 1000 ? [1, "B"] : bytes < 1e6 ? [1000, "kB"] : [1e6, "MB"]
  return `${Number((bytes / divisor).toPrecision(3))} ${unit}`
}

/** An axis with a logarithmic scale that is labelled at 1, 2 and 5 times powers of ten. */
export function logAxis(title: string, values: readonly number[], more: object = {}) {
  const positive = values.filter((value) => value > 0)
  const low = Math.floor(Math.log10(Math.min(...positive, 1e9)))
  const high = Math.ceil(Math.log10(Math.max(...positive, 1e-9)))
  const steps = high - low > 2 ? [1] : [1, 2, 5]
  const ticks = []
  for (let power = low; power <= high; power++) ticks.push(...steps.map((step) => Number(`${step}e${power}`)))
  return {
    type: "quantitative" as const,
    title,
    scale: { type: "log" as const, nice: false, padding: 8 },
    axis: { values: ticks, format: "~r", ...more },
  }
}

/** The facets of a figure whose values have the number of calls in flight as a text. */
export function inFlightColumns(values: readonly { inFlight: string }[]) {
  return {
    field: "inFlight",
    type: "nominal" as const,
    title: null,
    sort: distinct(values.map(({ inFlight }) => inFlight)),
  }
}

/** A line at 1, in a figure of multiples of native. */
export function asFastAsNative() {
  return {
    mark: { type: "rule" as const, color: colour("muted"), strokeDash: [4, 3] },
    encoding: { x: { datum: 1, type: "quantitative" as const } },
  }
}
