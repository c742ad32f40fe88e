import { ratioText } from "../ratio-text.ts"
import type { BenchResult } from "../result.ts"
import {
  bytesLabel,
  distinct,
  type Figure,
  inFlightColumns,
  logAxis,
  SHORT_LABELS,
  wayScale,
  waysOf,
} from "./figure.ts"
import type { SectionContent, Table } from "./section.ts"
import { ms, number } from "./text.ts"

const QUANTILES = ["median", "99th percentile", "99.9th percentile"]

/** RPC against JSON: over payload size, in flight, payload kind, ways of polling; and the host's memory. */
export function rpcVsJsonSection(rows: readonly BenchResult[]): SectionContent {
  const memory = rows.filter((row) => row.callsMade !== undefined)
  const kinds = rows.filter((row) => row.kind !== undefined)
  const polled = rows.filter((row) => row.kind === undefined && row.way.startsWith("poll "))
  const sizes = rows.filter((row) => ![...memory, ...kinds, ...polled].includes(row))
  return {
    title: "RPC against JSON",
    intro:
      "The same echo function on the same host, called over the channel (rpc) and over the planner's HTTP/JSON dialect " +
      "(json), beside a TCP ping-pong of the same size (tcp) and the same echo in a Hono app in process (native). A number " +
      "of calls is always in flight (closed loop).",
    figures: [
      ...(sizes.length === 0
        ? []
        : [latencyFigure(sizes), throughputFigure(sizes), cpuFigure(sizes), wireFigure(sizes)]),
      ...(kinds.length === 0 ? [] : [kindFigure(kinds)]),
      ...(polled.length === 0 ? [] : [pollFigure(sizes, polled)]),
      ...(memory.length === 0 ? [] : [memoryFigure(memory)]),
    ],
    tables: [
      ...(sizes.length === 0 ? [] : [rowTable("By payload and calls in flight", sizes), ratioTable(sizes)]),
      ...(kinds.length === 0 ? [] : [rowTable("By kind of payload; its size is that of the JSON", kinds)]),
      ...(polled.length === 0 ? [] : [rowTable("JSON in base64 in JSON, by way of polling", polled)]),
      ...(memory.length === 0 ? [] : [memoryTable(memory)]),
    ],
  }
}

/** Small multiples: a column for each number in flight, lines over the payload by way. */
function linesOverPayload(
  figure: Omit<Figure, "spec">,
  rows: readonly BenchResult[],
  axisTitle: string,
  lines: readonly { facet?: string; value: (row: BenchResult) => number | null | undefined }[],
): Figure {
  const values = lines.flatMap(({ facet, value }) =>
    rows.flatMap((row) => {
      const found = value(row)
      if (found === null || found === undefined || !(found > 0)) return []
      return {
        facet: facet ?? "",
        way: row.way,
        payload: bytesLabel(row.payloadBytes),
        inFlight: `${row.inFlight} in flight`,
        value: found,
      }
    }),
  )
  const sizes = distinct(rows.map((row) => row.payloadBytes)).sort((a, b) => a - b)
  const flights = distinct(rows.map((row) => row.inFlight)).sort((a, b) => a - b)
  const facets = lines.flatMap(({ facet }) => facet ?? [])
  return {
    ...figure,
    spec: {
      data: { values },
      facet: {
        column: {
          field: "inFlight",
          type: "nominal",
          title: null,
          sort: flights.map((n) => `${n} in flight`),
        },
        ...(facets.length > 0
          ? {
              row: {
                field: "facet",
                type: "nominal",
                title: null,
                sort: facets,
                header: { orient: "right" },
              },
            }
          : {}),
      },
      spacing: { column: 14, row: 18 },
      spec: {
        width: 165,
        height: facets.length > 0 ? 140 : 190,
        mark: { type: "line", point: { size: 30 } },
        encoding: {
          x: {
            field: "payload",
            type: "ordinal",
            title: "payload",
            sort: sizes.map(bytesLabel),
            axis: { labelAngle: -45, grid: false },
          },
          y: {
            field: "value",
            ...logAxis(
              axisTitle,
              values.map(({ value }) => value),
            ),
          },
          color: { field: "way", type: "nominal", title: null, scale: wayScale(waysOf(rows)) },
        },
      },
    },
  }
}

function latencyFigure(rows: readonly BenchResult[]): Figure {
  return linesOverPayload(
    {
      name: "rpc-vs-json-latency",
      title: "Latency over the payload",
      caption:
        "Milliseconds, logarithmic. The 99.9th percentile is given where at least 2,000 calls were measured.",
    },
    rows,
    "ms",
    [
      { facet: QUANTILES[0], value: ({ p50Us }) => p50Us / 1000 },
      { facet: QUANTILES[1], value: ({ p99Us }) => p99Us / 1000 },
      { facet: QUANTILES[2], value: ({ p999Us }) => (p999Us === undefined ? undefined : p999Us / 1000) },
    ],
  )
}

function throughputFigure(rows: readonly BenchResult[]): Figure {
  return linesOverPayload(
    {
      name: "rpc-vs-json-throughput",
      title: "Calls a second over the payload",
      caption: "Logarithmic; one measuring process, one host.",
    },
    rows,
    "calls/s",
    [{ value: (row) => row.callsPerSecond }],
  )
}

function cpuFigure(rows: readonly BenchResult[]): Figure {
  return linesOverPayload(
    {
      name: "rpc-vs-json-cpu",
      title: "CPU time of a call on both sides",
      caption: "Microseconds of user and system time, logarithmic; native has one side only.",
    },
    rows,
    "us",
    [
      { facet: "measuring side", value: (row) => row.clientCpuUsPerCall },
      { facet: "answering side", value: (row) => row.serverCpuUsPerCall },
    ],
  )
}

function wireFigure(rows: readonly BenchResult[]): Figure {
  return linesOverPayload(
    {
      name: "rpc-vs-json-wire",
      title: "Bytes of a call on the wire, beside the payload",
      caption: "Both directions together, without twice the payload; logarithmic. TCP has nothing beside it.",
    },
    rows.filter((row) => row.way === "rpc" || row.way === "json"),
    "bytes",
    [
      {
        value: (row) => (row.wireBytesPerCall === null ? null : row.wireBytesPerCall - 2 * row.payloadBytes),
      },
    ],
  )
}

function kindFigure(rows: readonly BenchResult[]): Figure {
  const cpu = (row: BenchResult) =>
    row.clientCpuUsPerCall === null || typeof row.serverCpuUsPerCall !== "number"
      ? null
      : row.clientCpuUsPerCall + row.serverCpuUsPerCall
  const metrics: [metric: string, inFlight: number, value: (row: BenchResult) => number | null][] = [
    ["p50 ms, 1 in flight", 1, (row) => row.p50Us / 1000],
    ["calls/s, 64 in flight", 64, (row) => row.callsPerSecond],
    ["CPU us, both sides, 64", 64, cpu],
    ["bytes on the wire", 1, (row) => row.wireBytesPerCall],
  ]
  const size = (row: BenchResult) =>
    `about ${bytesLabel(10 ** Math.round(Math.log10(row.payloadBytes || 1)))} of JSON`
  const values = metrics.flatMap(([metric, inFlight, value]) =>
    rows.flatMap((row) =>
      row.inFlight === inFlight && value(row) !== null
        ? { metric, way: row.way, kind: row.kind, size: size(row), value: value(row) }
        : [],
    ),
  )
  return {
    name: "rpc-vs-json-kinds",
    title: "Kinds of payloads",
    caption:
      "Each call encodes the value, sends it, and decodes what comes back: protobuf over the channel, JSON in base64 in JSON over the planner's dialect. Bytes are in base64 in JSON, and as they are in RPC.",
    spec: {
      data: { values },
      facet: {
        row: {
          field: "metric",
          type: "nominal",
          title: null,
          sort: metrics.map(([metric]) => metric),
          header: { orient: "left", labelAngle: -90 },
        },
        column: {
          field: "size",
          type: "nominal",
          title: null,
          sort: distinct(values.map((one) => one.size)),
        },
      },
      spacing: { row: 16, column: 20 },
      spec: {
        width: 320,
        height: 105,
        mark: { type: "bar" },
        encoding: {
          x: {
            field: "kind",
            type: "nominal",
            title: null,
            sort: distinct(values.map((one) => one.kind!)),
            axis: { labelAngle: 0, grid: false },
          },
          xOffset: { field: "way", type: "nominal", sort: waysOf(rows) },
          y: {
            field: "value",
            type: "quantitative",
            title: null,
            axis: { tickCount: 4, labelExpr: SHORT_LABELS },
          },
          color: { field: "way", type: "nominal", title: null, scale: wayScale(waysOf(rows)) },
        },
      },
      resolve: { scale: { y: "independent" } },
    },
  }
}

function pollFigure(sizes: readonly BenchResult[], polled: readonly BenchResult[]): Figure {
  const payloadBytes = Math.min(...polled.map((row) => row.payloadBytes))
  const direct = sizes.filter((row) => row.way === "rpc" || row.way === "json")
  const values = [...direct, ...polled]
    .filter((row) => row.payloadBytes === payloadBytes && polled.some((one) => one.inFlight === row.inFlight))
    .map((row) => ({
      way: row.way,
      inFlight: `${row.inFlight} in flight`,
      p50: row.p50Us / 1000,
      p99: row.p99Us / 1000,
    }))
  const y = {
    field: "way",
    type: "nominal" as const,
    title: null,
    sort: distinct(values.map((one) => one.way)),
  }
  return {
    name: "rpc-vs-json-polling",
    title: `RPC, JSON, and the ways of polling, ${bytesLabel(payloadBytes)}`,
    caption: "The point is the median, the line goes to the 99th percentile; milliseconds, logarithmic.",
    spec: {
      data: { values },
      facet: {
        column: inFlightColumns(values),
      },
      spec: {
        width: 270,
        height: { step: 26 },
        encoding: { y: { ...y, axis: { grid: true } } },
        layer: [
          {
            mark: { type: "rule", strokeWidth: 2, opacity: 0.6 },
            encoding: {
              x: {
                field: "p50",
                ...logAxis(
                  "ms",
                  values.flatMap(({ p50, p99 }) => [p50, p99]),
                ),
              },
              x2: { field: "p99" },
              color: {
                field: "way",
                type: "nominal",
                legend: null,
                scale: wayScale(distinct(values.map((one) => one.way))),
              },
            },
          },
          {
            mark: { type: "point", size: 70, opacity: 1 },
            encoding: {
              x: { field: "p50", type: "quantitative" },
              color: { field: "way", type: "nominal", legend: null },
            },
          },
        ],
      },
    },
  }
}

function memoryFigure(rows: readonly BenchResult[]): Figure {
  const values = rows.map(({ way, callsMade, hostMemoryMib }) => ({
    way,
    calls: callsMade,
    mib: hostMemoryMib,
  }))
  return {
    name: "rpc-vs-json-memory",
    title: "Memory of the host over many calls",
    caption:
      "Resident memory, read after each tenth of the calls; first over rpc, then over json, in one process.",
    spec: {
      width: 560,
      height: 200,
      data: { values },
      mark: { type: "line", point: true },
      encoding: {
        x: { field: "calls", type: "quantitative", title: "calls", axis: { grid: false, format: "~s" } },
        y: { field: "mib", type: "quantitative", title: "MiB", scale: { zero: true } },
        color: { field: "way", type: "nominal", title: null, scale: wayScale(waysOf(rows)) },
      },
    },
  }
}

function rowTable(caption: string, rows: readonly BenchResult[]): Table {
  const hasKind = rows.some((row) => row.kind !== undefined)
  return {
    caption,
    columns: [
      ...(hasKind ? ["<kind"] : []),
      "payload",
      "in flight",
      "<way",
      "p50 ms",
      "p99 ms",
      "p99.9 ms",
      "calls/s",
      "CPU us, measuring",
      "CPU us, answering",
      "bytes on the wire",
    ],
    rows: rows.map((row) => [
      ...(hasKind ? [row.kind ?? ""] : []),
      bytesLabel(row.payloadBytes),
      String(row.inFlight),
      row.way,
      ms(row.p50Us),
      ms(row.p99Us),
      ms(row.p999Us),
      number(row.callsPerSecond),
      number(row.clientCpuUsPerCall),
      number(row.serverCpuUsPerCall),
      number(row.wireBytesPerCall),
    ]),
  }
}

function ratioTable(rows: readonly BenchResult[]): Table {
  const pairs = rows.flatMap((rpc) => {
    const json = rows.find(
      (row) => row.way === "json" && row.payloadBytes === rpc.payloadBytes && row.inFlight === rpc.inFlight,
    )
    return rpc.way === "rpc" && json ? [[rpc, json] as const] : []
  })
  return {
    caption: "RPC against JSON, as ratios",
    columns: [
      "payload",
      "in flight",
      "p50",
      "p99",
      "calls/s",
      "CPU, answering",
      "bytes on the wire",
      "bytes beside the payload",
    ],
    rows: pairs.map(([rpc, json]) => {
      const of = (value: (row: BenchResult) => number | null | undefined) =>
        ratioText((value(rpc) ?? Number.NaN) / (value(json) ?? Number.NaN))
      return [
        bytesLabel(rpc.payloadBytes),
        String(rpc.inFlight),
        of((row) => row.p50Us),
        of((row) => row.p99Us),
        of((row) => row.callsPerSecond),
        of((row) => row.serverCpuUsPerCall),
        of((row) => row.wireBytesPerCall),
        rpc.wireBytesPerCall === null ? "–" : number(rpc.wireBytesPerCall - 2 * rpc.payloadBytes),
      ]
    }),
  }
}

function memoryTable(rows: readonly BenchResult[]): Table {
  return {
    caption: "Memory of the host, 64 in flight, 100 bytes",
    columns: ["<way", "calls", "MiB"],
    rows: rows
      .filter((row, i) => i === 0 || rows[i - 1]!.way !== row.way || rows[i + 1]?.way !== row.way)
      .map((row) => [row.way, number(row.callsMade), number(row.hostMemoryMib)]),
  }
}
