import type { DescMessage } from "@bufbuild/protobuf"
import { compileCodec, type MessageCodec } from "../codec/index.ts"
import type { ManifestRoute } from "../manifest.ts"
import { hasBigint } from "./bigint-json.ts"
import { jsonFieldsCheck, type PortabilityCheck } from "./json-fields.ts"
import { paramNamesOf } from "./param-names.ts"

/** What is known of an offloaded route before its first request. */
export interface RoutePlan {
  readonly route: ManifestRoute
  /** Faasm's user and function. */
  readonly user: string
  readonly function: string
  /** The schema's hash, as 16 hex digits. */
  readonly schemaHash: string
  readonly timeoutMs: number
  /** Names of the path's parameters, in order of the pattern. */
  readonly paramNames: readonly string[]
  /** The request message's section for unvalidated path parameters is to be filled. */
  readonly fillParams: boolean
  /** The raw values of path parameters travel too, because a validator may have changed them. */
  readonly sendRawParams: boolean
  /** The first fields of every Invocation: schema hash, route, timeout. */
  readonly prefix: Uint8Array
  readonly request: MessageCodec
  /** A validated input may have a bigint in it. */
  readonly hasBigint: boolean
  /** For inputs whose types have no mapping. */
  readonly checkInput: PortabilityCheck | undefined
  readonly response: MessageCodec
}

/** Prepares a route. */
export function planRoute(
  route: ManifestRoute,
  functionName: string,
  build: { user: string; schemaHash: string; timeoutMs: number },
  messages: { request: DescMessage; response: DescMessage },
): RoutePlan {
  const validated = route.validated.includes("param")
  const paramNames = paramNamesOf(route.path)
  return {
    route,
    user: build.user,
    function: functionName,
    schemaHash: build.schemaHash,
    timeoutMs: build.timeoutMs,
    paramNames,
    fillParams: paramNames.length > 0 && !validated,
    sendRawParams: paramNames.length > 0 && validated,
    prefix: prefixOf(build.schemaHash, route.index, build.timeoutMs),
    request: compileCodec(messages.request),
    hasBigint: hasBigint(messages.request),
    checkInput: jsonFieldsCheck(messages.request),
    response: compileCodec(messages.response),
  }
}

function prefixOf(schemaHash: string, index: number, timeoutMs: number): Uint8Array {
  const bytes = Buffer.alloc(32)
  bytes[0] = 0x09
  bytes.writeBigUInt64LE(BigInt(`0x${schemaHash}`), 1)
  let at = 9
  for (const [tag, value] of [
    [0x10, index],
    [0x18, timeoutMs],
  ] as const) {
    if (value === 0) continue
    bytes[at++] = tag
    let rest = value >>> 0
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at++] = rest
  }
  return bytes.subarray(0, at)
}
