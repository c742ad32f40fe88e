import { openChannel } from "../src/channel/index.ts"
import { uploadFunction } from "../src/faaslet/index.ts"
import { TimingsLevel } from "../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { type CallTimings, type Outcome, type RuntimeOptions, startRuntime } from "../src/runtime/index.ts"
import type { TargetUrls } from "./target.ts"

/** What calls functions that may find no instance ready. */
export interface ColdHost {
  upload(name: string, wasm: Uint8Array<ArrayBuffer>): Promise<void>
  call(name: string, input: Uint8Array): Promise<ColdCall>
  close(): Promise<void>
}

/** One call. */
export interface ColdCall {
  us: number
  /** The part that it waited for its instance; 0 when the host does not tell. */
  instanceUs: number
  /** The host says that it had to make an instance. */
  cold: boolean
}

const USER = "bench"
const TIMEOUT_MS = 30_000

/** The embedded runtime in this process, without a network. */
export async function embeddedHost(options: RuntimeOptions): Promise<ColdHost> {
  const runtime = await startRuntime({ slots: 1, log() {}, ...options })
  return {
    upload: (name, wasm) => runtime.upload(USER, name, wasm),
    async call(name, input) {
      const start = performance.now()
      const { error, timings } = await new Promise<Outcome>((done) => {
        const call = {
          user: USER,
          function: name,
          input,
          deadline: start + TIMEOUT_MS,
          detailedTimings: true,
        }
        runtime.invoker.submit({ ...call, queue: true }, done)
      })
      if (error) throw new Error(error.message)
      return callOf(start, timings)
    },
    close: () => runtime.close(),
  }
}

/** A running Faasm, over the channel. */
export function remoteHost({ rpc, upload }: TargetUrls): ColdHost {
  const channel = openChannel({ servers: [rpc] })
  // A Faasm keeps functions: those of another run would not be new to it.
  const run = Date.now().toString(36)
  return {
    upload: (name, wasm) => uploadFunction(upload, USER, `${run}-${name}`, wasm),
    async call(name, input) {
      const start = performance.now()
      const { timings } = await channel.invoke({
        user: USER,
        function: `${run}-${name}`,
        input,
        idempotent: true,
        timeoutMs: TIMEOUT_MS,
        timings: TimingsLevel.DETAILED,
      })
      return callOf(start, timings)
    },
    close: () => channel.close(),
  }
}

function callOf(start: number, timings: CallTimings | undefined): ColdCall {
  const { instanceUs = 0, cold = false } = timings ?? {}
  return { us: (performance.now() - start) * 1000, instanceUs, cold }
}
