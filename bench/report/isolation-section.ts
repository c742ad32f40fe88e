import { ratioText } from "../ratio-text.ts"
import type { BenchResult } from "../result.ts"
import { logAxis, waysOf } from "./figure.ts"
import type { SectionContent } from "./section.ts"
import { number } from "./text.ts"
import { colour } from "./theme.ts"

/** What a clean memory for each request costs. */
export function isolationSection(rows: readonly BenchResult[]): SectionContent {
  const find = (way: string, phase?: string) => rows.find((row) => row.way === way && row.phase === phase)
  const parts = rows.filter((row) => row.phase !== undefined)
  const values = parts.flatMap(({ way, phase, p50Us }) => (p50Us > 0 ? [{ way, phase, us: p50Us }] : []))
  const phaseScale = { domain: ["call", "reset"], range: ["blue", "orange"].map(colour) }
  const putBack = find("put back")
  return {
    title: "Isolation",
    intro:
      "A call in the guest and what follows it so that the next finds a clean memory: what was written put back (as the " +
      "runtime does), the whole memory compared, another instance, or nothing (no isolation).",
    figures:
      parts.length === 0
        ? []
        : [
            {
              name: "isolation",
              title: "A call, and making its memory clean",
              caption: "Medians in microseconds, logarithmic; only the call comes before the answer.",
              spec: {
                width: 540,
                height: { step: 30 },
                data: { values },
                mark: { type: "point", size: 90, opacity: 1 },
                encoding: {
                  y: {
                    field: "way",
                    type: "nominal",
                    title: null,
                    sort: waysOf(parts),
                    axis: { grid: true },
                  },
                  x: {
                    field: "us",
                    ...logAxis(
                      "us",
                      values.map(({ us }) => us),
                    ),
                  },
                  color: { field: "phase", type: "nominal", title: null, scale: phaseScale },
                  shape: { field: "phase", type: "nominal", title: null },
                },
              },
            },
          ],
    tables: [
      {
        caption: "Medians in us",
        columns: ["<way", "call", "reset", "both", "times put back"],
        rows: waysOf(rows).map((way) => [
          way,
          number(find(way, "call")?.p50Us),
          number(find(way, "reset")?.p50Us),
          number(find(way)?.p50Us),
          ratioText((find(way)?.p50Us ?? Number.NaN) / (putBack?.p50Us ?? Number.NaN)),
        ]),
      },
    ],
  }
}
