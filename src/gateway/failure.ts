import { InvokeError } from "../channel/function-client.ts"
import { CodecError } from "../codec/index.ts"
import { ErrorKind } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { FailureKind } from "../gen/hono_faasm/v1/invocation_pb.ts"
import { GatewayError } from "./gateway-error.ts"
import type { Reply } from "./reply.ts"

/**
 * Why a request has no response from its handler: what the client is told, in fixed words that give nothing of
 * the inside away. The details are in `cause`, for the log and for middleware (`c.error`).
 */
export class OffloadError extends Error {
  override readonly name = "OffloadError"
  /** HTTP status of the answer. */
  readonly status: 413 | 499 | 500 | 502 | 503 | 504
  /** Stable name of the kind of failure, sent to the client. */
  readonly code: string
  /** The handler may have run, wholly or partly. */
  readonly mayHaveRun: boolean

  constructor(answer: FailureAnswer, mayHaveRun: boolean, detail: string, options?: { cause?: unknown }) {
    super(detail, options)
    this.code = answer.code
    this.status = answer.status
    this.mayHaveRun = mayHaveRun
    this.#text = answer.text
  }

  readonly #text: string

  /** The body of the answer. */
  toBody(): { error: { code: string; message: string; mayHaveRun: boolean } } {
    return { error: { code: this.code, message: this.#text, mayHaveRun: this.mayHaveRun } }
  }
}

interface FailureAnswer {
  status: OffloadError["status"]
  code: string
  text: string
}

const answers = {
  badReply: { status: 502, code: "bad_reply", text: "The function gave an answer that can't be read." },
  mismatch: { status: 502, code: "schema_mismatch", text: "Gateway and function are of different builds." },
  badInvocation: {
    status: 502,
    code: "bad_invocation",
    text: "The function did not understand the request.",
  },
  unknownFunction: { status: 502, code: "unknown_function", text: "The function is not deployed." },
  invalidFunction: { status: 502, code: "invalid_function", text: "The function can't be run." },
  threw: { status: 500, code: "handler_failed", text: "The handler failed." },
  neverSettled: { status: 500, code: "never_settled", text: "The handler never finished." },
  badResponse: { status: 500, code: "bad_response", text: "The handler returned no valid response." },
  trap: { status: 500, code: "function_crashed", text: "The function crashed." },
  memory: { status: 500, code: "out_of_memory", text: "The handler ran out of memory." },
  outputTooLarge: { status: 500, code: "response_too_large", text: "The response is too large." },
  inputTooLarge: { status: 413, code: "request_too_large", text: "The request is too large." },
  timeout: { status: 504, code: "timeout", text: "The handler took too long." },
  overloaded: { status: 503, code: "overloaded", text: "Too many requests are under way; try again later." },
  unavailable: { status: 503, code: "unavailable", text: "The function can't be reached; try again later." },
  lost: { status: 502, code: "connection_lost", text: "The connection to the function was lost." },
  draining: { status: 503, code: "draining", text: "The gateway is shutting down." },
  cancelled: { status: 499, code: "cancelled", text: "The client has gone." },
  unknown: { status: 502, code: "unknown", text: "The function failed." },
} as const satisfies Record<string, FailureAnswer>

const byFailureKind: Partial<Record<FailureKind, FailureAnswer>> = {
  [FailureKind.SCHEMA_MISMATCH]: answers.mismatch,
  [FailureKind.BAD_INVOCATION]: answers.badInvocation,
  [FailureKind.UNKNOWN_ROUTE]: answers.mismatch,
  [FailureKind.THROWN]: answers.threw,
  [FailureKind.NEVER_SETTLED]: answers.neverSettled,
  [FailureKind.TIMEOUT]: answers.timeout,
  [FailureKind.OUT_OF_MEMORY]: answers.memory,
  [FailureKind.BAD_RESPONSE]: answers.badResponse,
}

const byErrorKind: Partial<Record<ErrorKind, FailureAnswer>> = {
  [ErrorKind.TRAP]: answers.trap,
  [ErrorKind.TIMEOUT]: answers.timeout,
  [ErrorKind.UNKNOWN_FUNCTION]: answers.unknownFunction,
  [ErrorKind.OVERLOADED]: answers.overloaded,
  [ErrorKind.CANCELLED]: answers.cancelled,
  [ErrorKind.OUT_OF_MEMORY]: answers.memory,
  [ErrorKind.INPUT_TOO_LARGE]: answers.inputTooLarge,
  [ErrorKind.OUTPUT_TOO_LARGE]: answers.outputTooLarge,
  [ErrorKind.UNAVAILABLE]: answers.unavailable,
  [ErrorKind.INVALID_FUNCTION]: answers.invalidFunction,
}

/** The failure that a reply reports instead of a response. */
export function failureOfReply(failure: NonNullable<Reply["failure"]>): OffloadError {
  const kind = failure.kind as FailureKind
  const answer = byFailureKind[kind] ?? answers.unknown
  const notRun =
    kind === FailureKind.SCHEMA_MISMATCH ||
    kind === FailureKind.BAD_INVOCATION ||
    kind === FailureKind.UNKNOWN_ROUTE
  const error = new OffloadError(answer, !notRun, failure.message)
  if (failure.stack) error.stack = failure.stack
  return error
}

/** A reply of a function that was built from other types. */
export function schemaMismatch(expected: string, got: string): OffloadError {
  return new OffloadError(
    answers.mismatch,
    true,
    `the gateway was built with schema ${expected}, the function with ${got}; build and deploy again`,
  )
}

/** Refused because of its size, before it has been read whole. */
export function bodyTooLarge(cause: Error): OffloadError {
  return new OffloadError(answers.inputTooLarge, false, cause.message, { cause })
}

/** Refused because the gateway drains. */
export function drainingFailure(): OffloadError {
  return new OffloadError(answers.draining, false, "the gateway is being closed")
}

/** The failure that an error of the way to the function means; undefined for an error of another kind. */
export function failureOfError(error: unknown): OffloadError | undefined {
  if (error instanceof OffloadError) return error
  if (error instanceof InvokeError) {
    const answer = byErrorKind[error.kind] ?? answers.unknown
    const lost = answer === answers.unavailable && error.mayHaveRun
    return new OffloadError(lost ? answers.lost : answer, error.mayHaveRun, error.message, { cause: error })
  }
  if (error instanceof GatewayError || error instanceof CodecError)
    return new OffloadError(answers.badReply, true, error.message, { cause: error })
  return undefined
}
