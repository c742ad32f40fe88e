import { GatewayError } from "./gateway-error.ts"

/** A function's answer, in either form. */
export interface Reply {
  /** Hash of the schema the function was built with, as 16 hex digits. */
  schemaHash: string
  /** HTTP status; 0 when the handler did not choose one. */
  status: number
  /** Name, value and {@link HeaderMode} in turn. */
  headers: (string | HeaderMode)[]
  body: ReplyBody
  /** Made without Hono's context: headers that middleware prepared do not apply. */
  plain: boolean
  /** What the handler set with `c.set`: name and value in turn. */
  variables: unknown[] | undefined
  /** What the handler threw and the app's onError answered. */
  thrown: { name: string; message: string; stack: string } | undefined
  /** There is no response. */
  failure: { kind: number; message: string; stack: string } | undefined
  /** Why the body is JSON text though the schema has a message for it; empty when it is not. */
  fallbackReason: string
  /** The handler asked for the app's notFound. */
  notFound: boolean
  /** Where the function's time went, in microseconds; only when it was asked for. */
  phases: { handlerUs: number; encodeUs: number } | undefined
}

/** What a header does to one of the same name: 0 replaces, 1 is added, 2 takes away. */
export type HeaderMode = 0 | 1 | 2

/** A reply's body. */
type ReplyBody =
  | undefined
  /** Bytes of the route's response message. */
  | { message: Uint8Array }
  | { raw: Uint8Array }
  | { json: string }

/** A reply with nothing in it. */
export function emptyReply(): Reply {
  return {
    schemaHash: "",
    status: 0,
    headers: [],
    body: undefined,
    plain: false,
    variables: undefined,
    thrown: undefined,
    failure: undefined,
    fallbackReason: "",
    notFound: false,
    phases: undefined,
  }
}

const modesByName: Record<string, HeaderMode> = {
  HEADER_MODE_UNSPECIFIED: 0,
  HEADER_MODE_APPEND: 1,
  HEADER_MODE_DELETE: 2,
}

/**
 * A header's mode by number, or by name as the protobuf JSON mapping has it.
 *
 * @throws {@link GatewayError} with code `bad_reply` for one that this version does not know.
 */
export function headerModeOf(mode: unknown): HeaderMode {
  if (mode === 0 || mode === 1 || mode === 2) return mode
  const known = typeof mode === "string" ? modesByName[mode] : undefined
  if (known !== undefined) return known
  throw new GatewayError("bad_reply", `the function's reply has a header of mode ${String(mode)}`)
}
