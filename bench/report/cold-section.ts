import { ratioText } from "../ratio-text.ts"
import type { BenchResult } from "../result.ts"
import { type Figure, logAxis, waysOf } from "./figure.ts"
import type { SectionContent } from "./section.ts"
import { ms, number } from "./text.ts"
import { colour } from "./theme.ts"

/** Calls that find no instance ready. */
export function coldSection(rows: readonly BenchResult[]): SectionContent {
  const wholes = rows.filter((row) => row.phase === undefined)
  const warm = wholes.find((row) => row.way === "warm")
  const part = (way: string) => rows.find((row) => row.way === way && row.phase !== undefined)
  return {
    title: "Cold and warm",
    intro:
      "One call that prices an order, by what it finds: an instance, none yet, a fresh worker, other functions in " +
      "between; and what an engine start with the script's load alone would take if there were no snapshot.",
    figures: wholes.length === 0 ? [] : [coldFigure(wholes)],
    tables: [
      {
        caption:
          "Latency of a call, and the part of it that it waited for an instance (or, without a snapshot, loaded the script)",
        columns: ["<way", "calls", "p50 ms", "p99 ms", "times warm", "instance or load p50 ms"],
        rows: wholes.map((row) => [
          row.way,
          number(row.calls),
          ms(row.p50Us),
          ms(row.p99Us),
          ratioText(warm && row.p50Us / warm.p50Us),
          ms(part(row.way)?.p50Us),
        ]),
      },
    ],
  }
}

function coldFigure(rows: readonly BenchResult[]): Figure {
  const samples = rows.flatMap(({ way, samplesUs = [] }) => samplesUs.map((us) => ({ way, ms: us / 1000 })))
  const medians = rows.map(({ way, p50Us }) => ({ way, median: p50Us / 1000 }))
  const y = { field: "way", type: "nominal" as const, title: null, sort: waysOf(rows) }
  return {
    name: "cold",
    title: "A call by what it finds ready",
    caption: "Each thin stroke is a call, the thick one the median; milliseconds, logarithmic.",
    spec: {
      width: 540,
      height: { step: 30 },
      layer: [
        {
          data: { values: samples },
          mark: { type: "tick", color: colour("blue"), opacity: 0.45, thickness: 1, height: 14 },
          encoding: {
            y,
            x: {
              field: "ms",
              ...logAxis(
                "ms",
                [...samples, ...medians.map((one) => ({ ms: one.median }))].map((one) => one.ms),
              ),
            },
          },
        },
        {
          data: { values: medians },
          mark: { type: "tick", color: colour("orange"), opacity: 1, thickness: 3, height: 20 },
          encoding: { y, x: { field: "median", type: "quantitative" } },
        },
      ],
    },
  }
}
