import type { BenchResult } from "../result.ts"
import { bytesLabel, distinct, inFlightColumns, logAxis, wayScale, waysOf } from "./figure.ts"
import type { SectionContent } from "./section.ts"
import { ms, number } from "./text.ts"

/** An experiment without a section of its own: medians by way, payload and calls in flight. */
export function otherSection(experiment: string, rows: readonly BenchResult[]): SectionContent {
  const values = rows.map((row) => ({
    way: row.way,
    payload: bytesLabel(row.payloadBytes),
    inFlight: `${row.inFlight} in flight`,
    ms: row.p50Us / 1000,
  }))
  return {
    title: experiment,
    intro: "Medians of a call.",
    figures: [
      {
        name: fileName(experiment),
        title: experiment,
        caption: "Medians in milliseconds, logarithmic.",
        spec: {
          data: { values },
          facet: {
            column: inFlightColumns(values),
          },
          spec: {
            width: 220,
            height: { step: 26 },
            mark: { type: "point", size: 70, opacity: 1 },
            encoding: {
              y: {
                field: "payload",
                type: "ordinal",
                title: "payload",
                sort: distinct(values.map((one) => one.payload)),
                axis: { grid: true },
              },
              x: {
                field: "ms",
                ...logAxis(
                  "ms",
                  values.map((one) => one.ms),
                ),
              },
              color: { field: "way", type: "nominal", title: null, scale: wayScale(waysOf(rows)) },
            },
          },
        },
      },
    ],
    tables: [
      {
        caption: "All rows",
        columns: ["<way", "payload", "in flight", "p50 ms", "p99 ms", "calls/s", "CPU us, measuring"],
        rows: rows.map((row) => [
          row.way,
          bytesLabel(row.payloadBytes),
          String(row.inFlight),
          ms(row.p50Us),
          ms(row.p99Us),
          number(row.callsPerSecond),
          number(row.clientCpuUsPerCall),
        ]),
      },
    ],
  }
}

/** Of a name that a file of results may have made up, what a file may be called. */
function fileName(experiment: string): string {
  return `other-${experiment.replace(/[^A-Za-z0-9-]+/g, "-").slice(0, 60)}`
}
