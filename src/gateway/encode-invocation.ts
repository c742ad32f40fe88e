import type { EncodeResult } from "../codec/index.ts"
import { bigintText } from "./bigint-json.ts"
import type { InvocationFacts } from "./invocation.ts"
import { whyNotPortable } from "./portable.ts"
import { ProtoWriter } from "./proto-writer.ts"
import type { RoutePlan } from "./route-plan.ts"
import type { Variable } from "./variables.ts"

/** An encoded Invocation. */
export interface EncodedInvocation {
  bytes: Uint8Array
  /** Why the request message is JSON text instead of protobuf; absent when it is not. */
  misfit?: string
}

/** A validated input that neither protobuf nor JSON can carry, such as a File. The handler has to run locally. */
export class Unportable extends Error {
  override readonly name = "Unportable"
}

// Field numbers and wire types of hono_faasm.v1.Invocation and its kin.
const tag = {
  method: 0x22,
  url: 0x2a,
  headers: 0x32,
  body: 0x3a,
  params: 0x42,
  absentParams: 0x48,
  variables: 0x52,
  message: 0x5a,
  messageJson: 0x62,
  phases: 0x68,
  name: 0x0a,
  headerValue: 0x12,
  variable: { text: 0x12, number: 0x19, boolean: 0x20, json: 0x2a, unavailable: 0x32 },
} as const

const writer = new ProtoWriter()

/**
 * Encodes an Invocation in protobuf.
 *
 * @param phases - ask the function where its time goes
 * @throws {@link Unportable}
 */
export function encodeInvocation(plan: RoutePlan, facts: InvocationFacts, phases = false): EncodedInvocation {
  const encoded = encodeInput(plan, facts)
  const misfit = misfitOf(encoded)
  writer.start()
  writer.raw(plan.prefix)
  if (facts.method !== "GET") writer.string(tag.method, facts.method)
  if (facts.url !== undefined) writer.string(tag.url, facts.url)
  const { headers, params } = facts
  if (headers) {
    for (let i = 0; i < headers.length; i += 2) {
      const header = writer.open(tag.headers)
      writer.string(tag.name, headers[i]!)
      writer.string(tag.headerValue, headers[i + 1]!)
      writer.close(header)
    }
  }
  if (facts.body) writer.bytes(tag.body, facts.body)
  if (params) {
    for (const value of params) writer.string(tag.params, value ?? "")
    // Unpacked, which any reader takes: absent ones are rare. Index 0 has to be written too.
    for (let i = 0; i < params.length; i++) if (params[i] === undefined) writer.index(tag.absentParams, i)
  }
  if (facts.variables) for (const variable of facts.variables) writeVariable(variable)
  if ("bytes" in encoded) writer.bytes(tag.message, encoded.bytes)
  else writer.string(tag.messageJson, JSON.stringify(portable(facts.input)))
  if (phases) writer.bool(tag.phases, true)
  return { bytes: writer.finish(), misfit }
}

function writeVariable([name, kind, value]: Variable): void {
  const field = writer.open(tag.variables)
  writer.string(tag.name, name)
  if (kind === "number") writer.double(tag.variable.number, value as number)
  else if (kind === "boolean") writer.bool(tag.variable.boolean, value as boolean)
  else writer.string(tag.variable[kind], kind === "json" ? JSON.stringify(value) : (value as string))
  writer.close(field)
}

/**
 * Encodes an Invocation in the JSON form, for hosts whose output must be text.
 *
 * @throws {@link Unportable}
 */
export function encodeInvocationJson(plan: RoutePlan, facts: InvocationFacts): EncodedInvocation {
  const misfit = misfitOf(encodeInput(plan, facts))
  const { headers, params } = facts
  const json = {
    schemaHash: plan.schemaHash,
    route: plan.route.index,
    timeoutMs: plan.timeoutMs,
    method: facts.method,
    url: facts.url,
    headers: headers && pairs(headers),
    body:
      facts.body &&
      Buffer.from(facts.body.buffer, facts.body.byteOffset, facts.body.length).toString("base64"),
    params: params?.map((value) => value ?? ""),
    absentParams: params?.flatMap((value, i) => (value === undefined ? [i] : [])),
    variables: facts.variables?.map(variableJson),
    // A Date or bigint that fits the schema is turned back into one by the guest.
    messageJson: portable(facts.input, misfit === undefined),
  }
  const text = plan.hasBigint ? JSON.stringify(json, bigintText) : JSON.stringify(json)
  return { bytes: Buffer.from(text), misfit }
}

function encodeInput(plan: RoutePlan, facts: InvocationFacts): EncodeResult {
  if (facts.message) return { bytes: facts.message }
  const reason = plan.checkInput?.(facts.input)
  if (reason !== undefined) throw new Unportable(`a validated input has a ${reason}`)
  return plan.request.encode(facts.input)
}

function misfitOf(encoded: EncodeResult): string | undefined {
  return "misfit" in encoded ? `${encoded.misfit.path}: ${encoded.misfit.reason}` : undefined
}

function pairs(flat: readonly string[]): { name: string; value: string }[] {
  const result = []
  for (let i = 0; i < flat.length; i += 2) result.push({ name: flat[i]!, value: flat[i + 1]! })
  return result
}

function variableJson([name, kind, value]: Variable): Record<string, unknown> {
  // JSON has no such numbers; null would be a lie.
  if (kind === "number" && !Number.isFinite(value)) return { name, unavailable: `number ${value}` }
  return { name, [kind]: value }
}

function portable(input: Record<string, unknown>, typed = false): Record<string, unknown> {
  const reason = whyNotPortable(input, typed)
  if (reason !== undefined) throw new Unportable(`a validated input has a ${reason}`)
  return input
}
