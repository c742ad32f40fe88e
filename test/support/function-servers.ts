import { existsSync } from "node:fs"
import { describe } from "vitest"
import type { FunctionServiceOptions } from "../../src/runtime/function-service/index.ts"
import { startEmbeddedServer } from "./embedded-server.ts"
import { startNativeServer } from "./native-server.ts"

/** What the suites about FunctionService may ask of a server: both have the same functions and the same bounds. */
export interface TestServerOptions
  extends Pick<
    FunctionServiceOptions,
    | "credits"
    | "maxBindings"
    | "maxFrameBytes"
    | "maxKeptBytes"
    | "maxRetainedBytes"
    | "maxSessions"
    | "resumeWindowMs"
  > {
  /** `echo` answers after a time between these, by default at once. */
  echoDelayMs?: readonly [number, number]
  /** Where a random delay comes from, if the server can take it from there. */
  random?: () => number
  /** Longest wait of {@link TestServer.drain}. */
  drainMs?: number
  /** Whether {@link TestServer.invoker} tells of calls. Default true. */
  record?: boolean
}

/** A server of FunctionService, of whatever kind. */
export interface TestServer {
  readonly url: string
  readonly port: number
  /** What has run. */
  readonly invoker: {
    readonly running: number
    /** How often each input, in latin1, has been run. */
    readonly runs: ReadonlyMap<string, number>
    readonly calls: readonly { function: string; traceparent?: string }[]
  }
  /** How many sessions there are, those without a stream included. */
  sessions(): Promise<number>
  /** Sends clients away, and waits until everything is answered. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** Starts a server of one kind. */
export interface ServerKind {
  readonly name: "embedded" | "native"
  start(options?: TestServerOptions): Promise<TestServer>
}

const program = process.env.HONO_FAASM_FUNCTION_SERVER ?? ""
const hasProgram = program !== "" && existsSync(program)
if (!hasProgram && process.env.HONO_FAASM_REQUIRE_NATIVE === "1")
  throw new Error(`HONO_FAASM_FUNCTION_SERVER: no program at ${JSON.stringify(program)}`)

/** Declares the same tests for the embedded runtime's server, and for the native one if it has been built. */
export function describeServers(suite: (kind: ServerKind) => void): void {
  describe("the embedded server", () => suite({ name: "embedded", start: startEmbeddedServer }))
  describe.skipIf(!hasProgram)("the native server", () =>
    suite({ name: "native", start: (options) => startNativeServer(program, options) }),
  )
}
