import { Code } from "@connectrpc/connect"
import { ErrorKind } from "../gen/faasm/rpc/v1/function_service_pb.ts"

const codes: Record<ErrorKind, Code> = {
  [ErrorKind.UNSPECIFIED]: Code.Unknown,
  [ErrorKind.TRAP]: Code.Internal,
  [ErrorKind.TIMEOUT]: Code.DeadlineExceeded,
  [ErrorKind.UNKNOWN_FUNCTION]: Code.NotFound,
  [ErrorKind.OVERLOADED]: Code.ResourceExhausted,
  [ErrorKind.CANCELLED]: Code.Canceled,
  [ErrorKind.OUT_OF_MEMORY]: Code.ResourceExhausted,
  [ErrorKind.INPUT_TOO_LARGE]: Code.ResourceExhausted,
  [ErrorKind.OUTPUT_TOO_LARGE]: Code.ResourceExhausted,
  [ErrorKind.UNAVAILABLE]: Code.Unavailable,
  [ErrorKind.INVALID_FUNCTION]: Code.FailedPrecondition,
}

/** The Connect code of a kind of error, as function_service.proto assigns it; `unknown` for kinds it does not have. */
export function codeOfKind(kind: ErrorKind): Code {
  return codes[kind] ?? Code.Unknown
}
