/**
 * The host that a faaslet runs on while its snapshot is made: a clock that stands still, random numbers that are not,
 * and no input. The same app so always gives the same function.
 *
 * The monotonic clock goes a microsecond further whenever it is read, so that a deadline is a number of reads.
 *
 * @module
 */

/** Milliseconds since 1970 that a snapshot is made at. */
const BUILD_TIME_MS = Date.UTC(2024, 0, 1)

/** What the build's host saw. */
export interface BuildHost {
  imports: WebAssembly.Imports
  /** What the app wrote to stdout and stderr while it was initialised. */
  log: string
}

/** Imports for an instance whose memory is had from `memory`. */
export function buildHost(memory: () => WebAssembly.Memory): BuildHost {
  const decoder = new TextDecoder()
  const view = () => new DataView(memory().buffer)
  let random = 0x9e3779b9
  let ticks = 0n
  const host: BuildHost = {
    log: "",
    imports: {
      env: {
        __faasm_read_input: () => 0,
        __faasm_write_output: () => {},
      },
      wasi_snapshot_preview1: {
        clock_time_get: (id: number, _precision: bigint, out: number) => {
          if (id !== REALTIME) ticks += 1000n
          view().setBigUint64(out, BigInt(BUILD_TIME_MS) * 1_000_000n + (id === REALTIME ? 0n : ticks), true)
          return 0
        },
        random_get: (ptr: number, length: number) => {
          const bytes = new Uint8Array(memory().buffer, ptr, length)
          for (let at = 0; at < length; at++) {
            random = (Math.imul(random, 1664525) + 1013904223) >>> 0
            bytes[at] = random >>> 24
          }
          return 0
        },
        fd_write: (fd: number, iovs: number, count: number, written: number) => {
          if (fd !== 1 && fd !== 2) return EBADF
          let total = 0
          for (let at = 0; at < count; at++) {
            const ptr = view().getUint32(iovs + at * 8, true)
            const length = view().getUint32(iovs + at * 8 + 4, true)
            host.log += decoder.decode(new Uint8Array(memory().buffer, ptr, length))
            total += length
          }
          view().setUint32(written, total, true)
          return 0
        },
        fd_close: () => EBADF,
        fd_fdstat_get: () => EBADF,
        fd_seek: () => EBADF,
      },
    },
  }
  return host
}

const EBADF = 8
const REALTIME = 0
