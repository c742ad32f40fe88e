/** One measured row; what a row doesn't measure is null. */
export interface BenchResult {
  /** What was compared, such as `rpc-vs-json`. Rows are comparable within one experiment of one run only. */
  experiment: string
  /** The contestant: `rpc`, `json`, `native` or `tcp` in the main comparison; others say what they are. */
  way: string
  /** Size of the payload, in bytes. */
  payloadBytes: number
  /** What the payload is, where that is compared: `strings`, `numbers`, `nested` or `binary`. */
  kind?: string
  /** Calls in flight at once. */
  inFlight: number
  /** Calls that were measured. */
  calls?: number
  /** Median time of a call, in microseconds. */
  p50Us: number
  /** 99th percentile, in microseconds. */
  p99Us: number
  /** 99.9th percentile, in microseconds, where there are at least 2,000 calls. */
  p999Us?: number
  callsPerSecond: number
  /** CPU time (user and system) of the measuring process per call, in microseconds. */
  clientCpuUsPerCall: number | null
  /** CPU time (user and system) of the answering process per call, in microseconds. */
  serverCpuUsPerCall?: number | null
  /** Bytes per call on the wire, both directions together, payload included. */
  wireBytesPerCall: number | null
  /** The function of `examples/benchmarks`, where there is a row for each. */
  function?: string
  /** The part of a call that the row is about; the whole where there is none. */
  phase?: string
  /** Requests that were started a second, whether or not answers came. */
  ratePerSecond?: number
  /** How late requests were started, 99th percentile, in microseconds: what the generator itself adds. */
  lateP99Us?: number
  /** Calls that the host had answered in this row's series when its memory was read. */
  callsMade?: number
  /** Memory of the answering process then, in MiB. */
  hostMemoryMib?: number
  /** Measured times in microseconds, in their order: all, or 2,000 evenly spread. */
  samplesUs?: number[]
}

/** What the JSON file of a run holds. */
export interface BenchReport {
  /** Version of this shape: fields may be added to it. */
  format: 1
  /** When the run began, in UTC. */
  date: string
  /** The commit that was measured, with `-dirty` if the files are others; absent outside a clone of the project. */
  commit?: string
  /** The run was brief: its figures are for a look. */
  quick: boolean
  machine: { cpu: string; cores: number; memoryBytes: number; os: string }
  versions: Record<string, string>
  /** What functions ran on: `embedded runtime`, or the Faasm. */
  host: string
  results: BenchResult[]
  /** What the experiments say of their rows. */
  conclusions: string[]
}

/** The value at a quantile (0 to 1) of samples that are sorted in ascending order. */
export function quantile(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) return Number.NaN
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!
}
