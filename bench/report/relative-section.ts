import { ratioText } from "../ratio-text.ts"
import { meanOf, type Ratios, ratiosOf } from "../ratios.ts"
import type { BenchResult } from "../result.ts"
import { asFastAsNative, type Figure, logAxis, wayScale } from "./figure.ts"
import type { SectionContent, Table } from "./section.ts"
import { ms } from "./text.ts"
import { colour } from "./theme.ts"

/** Relative latency: figures by function and over the rate, and the three ratios. */
export function relativeSection(rows: readonly BenchResult[]): SectionContent {
  const ratios = ratiosOf(rows).filter(({ rates }) => rates.length > 0)
  const rates = [...new Set(ratios.flatMap((one) => one.rates.map(({ ratePerSecond }) => ratePerSecond)))]
  rates.sort((a, b) => a - b)
  const rate = rates[Math.floor(rates.length / 2)]
  return {
    title: "Relative latency",
    intro:
      "Each function natively and offloaded, in turn, requests started at fixed rates (open loop, latency from the " +
      "moment a request was due). Whole is offloaded against native; bridge the same without the function's own time on " +
      "either side; engine the function's own time in the guest against V8.",
    figures:
      rate === undefined
        ? []
        : [ratioFigure(ratios, rate), rateFigure(ratios, rates), latencyFigure(rows, rates)],
    tables: [...(rate === undefined ? [] : [meansTable(ratios), functionTable(rows, ratios, rate)])],
  }
}

function ratioFigure(ratios: readonly Ratios[], rate: number): Figure {
  const kinds = ["whole", "bridge", "engine"]
  const values = ratios.flatMap(({ function: name, engine, rates }) => {
    const at = rates.find(({ ratePerSecond }) => ratePerSecond === rate)
    const all = { whole: at?.whole, bridge: at?.bridge, engine }
    const sort = at?.whole ?? 0
    return kinds.flatMap((kind) => {
      const ratio = all[kind as keyof typeof all]
      return ratio === undefined ? [] : { function: name, kind, ratio, sort }
    })
  })
  const y = {
    field: "function",
    type: "nominal" as const,
    title: null,
    sort: { field: "sort", op: "max" as const, order: "descending" as const },
    axis: { grid: true },
  }
  const x = logAxis(
    "times native",
    values.map(({ ratio }) => ratio),
  )
  return {
    name: "relative-ratios",
    title: `Offloaded against native, by function, at ${rate} requests a second`,
    caption:
      "Medians, as multiples of native (logarithmic; the line is 1, as fast as native). A function without a point for " +
      "bridge or engine takes too little natively for a ratio.",
    spec: {
      width: 560,
      height: { step: 21 },
      data: { values },
      layer: [
        asFastAsNative(),
        {
          mark: { type: "rule", color: colour("grey"), strokeWidth: 1 },
          encoding: {
            y,
            x: { aggregate: "min", field: "ratio", type: "quantitative" },
            x2: { aggregate: "max", field: "ratio" },
          },
        },
        {
          mark: { type: "point", size: 70, opacity: 1 },
          encoding: {
            y,
            x: { field: "ratio", ...x },
            color: {
              field: "kind",
              type: "nominal",
              title: null,
              scale: { domain: kinds, range: ["orange", "blue", "green"].map(colour) },
            },
            shape: {
              field: "kind",
              type: "nominal",
              title: null,
              scale: { domain: kinds, range: ["circle", "square", "diamond"] },
            },
          },
        },
      ],
    },
  }
}

function rateFigure(ratios: readonly Ratios[], rates: readonly number[]): Figure {
  const kinds = ["whole, median", "whole, 99th percentile", "bridge, median"]
  const means = meansOf(ratios).flatMap(({ rate, whole, wholeP99, bridge }) =>
    [whole, wholeP99, bridge].flatMap((ratio, i) =>
      ratio === undefined ? [] : { rate, ratio, kind: kinds[i]! },
    ),
  )
  const single = ratios.flatMap(({ function: name, rates }) =>
    rates.map(({ ratePerSecond: rate, whole: ratio }) => ({ function: name, rate, ratio })),
  )
  const x = {
    field: "rate",
    type: "quantitative" as const,
    title: "requests a second",
    axis: { grid: false, values: [...rates], format: "~r" },
  }
  const y = {
    field: "ratio",
    ...logAxis(
      "times native",
      [...means, ...single].map(({ ratio }) => ratio),
    ),
  }
  const kindScale = { domain: kinds, range: ["orange", "violet", "blue"].map(colour) }
  return {
    name: "relative-rates",
    title: "Offloaded against native, over the rate of requests",
    caption: "Means over the functions; each thin line is the median of one of them.",
    spec: {
      data: { values: [...single, ...means] },
      width: 520,
      height: 280,
      layer: [
        {
          transform: [{ filter: "isValid(datum.function)" }],
          mark: { type: "line", color: colour("grey"), strokeWidth: 1, opacity: 0.5 },
          encoding: { x, y, detail: { field: "function" } },
        },
        {
          transform: [{ filter: "isValid(datum.kind)" }],
          mark: { type: "line", point: true },
          encoding: { x, y, color: { field: "kind", type: "nominal", title: null, scale: kindScale } },
        },
      ],
    },
  }
}

function latencyFigure(rows: readonly BenchResult[], rates: readonly number[]): Figure {
  const quantiles = ["median", "99th percentile"]
  const values = rows.flatMap(({ way, function: name, ratePerSecond, p50Us, p99Us }) =>
    ratePerSecond === undefined
      ? []
      : [p50Us, p99Us].map((us, i) => ({
          way,
          function: name,
          rate: ratePerSecond,
          ms: us / 1000,
          quantile: quantiles[i],
        })),
  )
  return {
    name: "relative-latency",
    title: "Latency by function, over the rate of requests",
    caption:
      "Milliseconds from the moment a request was due to the end of its answer; each function has a scale of its own.",
    spec: {
      data: { values },
      facet: { field: "function", type: "nominal", title: null },
      columns: 5,
      spacing: { row: 18, column: 26 },
      spec: {
        width: 118,
        height: 84,
        mark: { type: "line", strokeWidth: 1.5, point: { size: 14 } },
        encoding: {
          x: {
            field: "rate",
            type: "quantitative",
            title: null,
            axis: { grid: false, values: [rates[0]!, rates.at(-1)!], format: "~r" },
          },
          y: {
            field: "ms",
            type: "quantitative",
            title: null,
            scale: { zero: true },
            axis: { tickCount: 3, format: "~r" },
          },
          color: { field: "way", type: "nominal", title: null, scale: wayScale(["native", "offloaded"]) },
          strokeDash: {
            field: "quantile",
            type: "nominal",
            title: null,
            legend: { symbolType: "stroke" },
            scale: {
              domain: quantiles,
              range: [
                [1, 0],
                [3, 3],
              ],
            },
          },
        },
      },
      resolve: { scale: { y: "independent" } },
    },
  }
}

function meansTable(ratios: readonly Ratios[]): Table {
  return {
    caption: "Means of the ratios, by rate",
    columns: ["requests/s", "whole, median", "whole, p99", "bridge, median"],
    rows: meansOf(ratios).map(({ rate, whole, wholeP99, bridge }) => [
      String(rate),
      ratioText(whole),
      ratioText(wholeP99),
      ratioText(bridge),
    ]),
  }
}

function functionTable(rows: readonly BenchResult[], ratios: readonly Ratios[], rate: number): Table {
  const find = (way: string, name: string) =>
    rows.find((row) => row.way === way && row.function === name && row.ratePerSecond === rate)
  return {
    caption: `Latency in ms at ${rate} requests a second, and its ratios`,
    columns: [
      "<function",
      "native p50",
      "offloaded p50",
      "native p99",
      "offloaded p99",
      "whole",
      "bridge",
      "engine",
    ],
    rows: ratios.map(({ function: name, engine, rates }) => {
      const [native, offloaded] = [find("native", name), find("offloaded", name)]
      const at = rates.find(({ ratePerSecond }) => ratePerSecond === rate)
      return [
        name,
        ms(native?.p50Us),
        ms(offloaded?.p50Us),
        ms(native?.p99Us),
        ms(offloaded?.p99Us),
        ratioText(at?.whole),
        ratioText(at?.bridge),
        ratioText(engine),
      ]
    }),
  }
}

function meansOf(ratios: readonly Ratios[]) {
  const rates = [...new Set(ratios.flatMap((one) => one.rates.map(({ ratePerSecond }) => ratePerSecond)))]
  return rates.map((rate) => {
    const at = ratios.flatMap((one) => one.rates.find(({ ratePerSecond }) => ratePerSecond === rate) ?? [])
    return {
      rate,
      whole: meanOf(at.map(({ whole }) => whole)),
      wholeP99: meanOf(at.map(({ wholeP99 }) => wholeP99)),
      bridge: meanOf(at.map(({ bridge }) => bridge)),
    }
  })
}
