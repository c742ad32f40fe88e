import { ratioText } from "../ratio-text.ts"
import type { BenchResult } from "../result.ts"
import { type ShopPair, shopPairs } from "../shop-pairs.ts"
import { asFastAsNative, distinct, type Figure, logAxis } from "./figure.ts"
import type { SectionContent } from "./section.ts"
import { ms, number } from "./text.ts"
import { colour } from "./theme.ts"

/** The shop's routes: latency and throughput against native. */
export function shopSection(rows: readonly BenchResult[]): SectionContent {
  const pairs = shopPairs(rows)
  return {
    title: "Routes with real bodies",
    intro:
      "The shop's routes natively and offloaded, in turn: at fixed rates, back to back, and saturated. CPU time is that of " +
      "the process that speaks HTTP: the native app, or the gateway.",
    figures: pairs.length === 0 ? [] : [shopFigure(pairs)],
    tables: [
      {
        caption: "Latency and throughput by route and load",
        columns: [
          "<route",
          "<load",
          "native p50 ms",
          "offloaded p50 ms",
          "times",
          "native p99 ms",
          "offloaded p99 ms",
          "native requests/s",
          "offloaded requests/s",
          "native CPU us",
          "gateway CPU us",
          "requests per CPU second, of native's",
        ],
        rows: pairs.map(({ route, native, offloaded, latency, requestsPerCpu }) => [
          route,
          loadOf(native),
          ms(native.p50Us),
          ms(offloaded.p50Us),
          ratioText(latency),
          ms(native.p99Us),
          ms(offloaded.p99Us),
          number(native.callsPerSecond),
          number(offloaded.callsPerSecond),
          number(native.serverCpuUsPerCall),
          number(offloaded.serverCpuUsPerCall),
          ratioText(requestsPerCpu),
        ]),
      },
    ],
  }
}

function shopFigure(pairs: readonly ShopPair[]): Figure {
  const values = pairs.map(({ route, native, latency }) => ({ route, load: loadOf(native), ratio: latency }))
  const loads = distinct(values.map(({ load }) => load))
  const range = ["blue", "green", "orange", "violet", "yellow", "pink"].map(colour)
  return {
    name: "shop",
    title: "Routes with real bodies, offloaded against native",
    caption: "Median latency as multiples of native's, logarithmic; the line is 1, as fast as native.",
    spec: {
      width: 560,
      height: { step: 30 },
      data: { values },
      layer: [
        asFastAsNative(),
        {
          mark: { type: "point", size: 70, opacity: 1 },
          encoding: {
            y: {
              field: "route",
              type: "nominal",
              title: null,
              sort: distinct(values.map(({ route }) => route)),
              axis: { grid: true },
            },
            x: { field: "ratio", ...logAxis("times native", [1, ...values.map(({ ratio }) => ratio)]) },
            color: {
              field: "load",
              type: "nominal",
              title: null,
              sort: loads,
              scale: { domain: loads, range: range.slice(0, Math.max(1, loads.length)) },
            },
            shape: { field: "load", type: "nominal", title: null, scale: { domain: loads } },
          },
        },
      ],
    },
  }
}

function loadOf({ ratePerSecond, inFlight }: BenchResult): string {
  if (ratePerSecond !== undefined) return `${ratePerSecond} requests/s`
  return inFlight === 1 ? "back to back" : `${inFlight} in flight`
}
