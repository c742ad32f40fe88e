import { TimingsLevel } from "../../gen/faasm/rpc/v1/function_service_pb.ts"
import type { CallTimings } from "../invoker.ts"

/** What a call is told of its timings. A client may send any number as the level: one that is unknown asks for nothing. */
export function askedTimings(level: TimingsLevel, timings: CallTimings): CallTimings | undefined {
  return level === TimingsLevel.BRIEF || level === TimingsLevel.DETAILED ? timings : undefined
}
