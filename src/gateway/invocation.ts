import type { Context } from "hono"
import { passageOf } from "./passage.ts"
import { readBody } from "./read-body.ts"
import type { RoutePlan } from "./route-plan.ts"
import { captureVariables, type Variable } from "./variables.ts"

/** What a request's handler may read, in no particular form yet. What it does not read is absent. */
export interface InvocationFacts {
  method: string
  url?: string
  /** Names and values in turn, names in lower case. */
  headers?: readonly string[]
  body?: Uint8Array
  /** Raw path parameters in order of the pattern. */
  params?: readonly (string | undefined)[]
  variables?: readonly Variable[]
  /** The request message's value: validated inputs by target, and path parameters. */
  input: Record<string, unknown>
  /** The request message's bytes, when they came with the request and nothing has changed what they say. */
  message?: Uint8Array
}

/**
 * Collects what the route's handler may read of a request.
 *
 * Rejects when the handler may read the body but middleware has consumed it behind Hono's back, and with
 * {@link BodyTooLarge}.
 */
export function captureInvocation(
  c: Context,
  plan: RoutePlan,
  maxBodyBytes: number,
): InvocationFacts | Promise<InvocationFacts> {
  const { needs, validated } = plan.route
  const request = c.req
  const input: Record<string, unknown> = {}
  if (plan.fillParams) input.param = request.param()
  for (const target of validated) input[target] = request.valid(target as never)
  const facts: InvocationFacts = {
    method: request.method,
    url: needs.url ? request.url : undefined,
    headers: needs.headers ? flatten(request.raw.headers) : undefined,
    body: undefined,
    params: plan.sendRawParams ? plan.paramNames.map((name) => request.param(name)) : undefined,
    variables: needs.variables ? captureVariables(c) : undefined,
    input,
    // Validators may change what they validate.
    message: validated.length === 0 ? passageOf(request.raw)?.requestFor(plan.route.index) : undefined,
  }
  if (!needs.body || facts.method === "GET" || facts.method === "HEAD") return facts
  return withBody(c, facts, maxBodyBytes)
}

async function withBody(c: Context, facts: InvocationFacts, maxBytes: number): Promise<InvocationFacts> {
  const { bytes, contentType } = await readBody(c.req, maxBytes)
  if (bytes.length > 0) facts.body = bytes
  if (contentType !== undefined && facts.headers) {
    facts.headers = replaceHeader(facts.headers, "content-type", contentType)
  }
  return facts
}

function flatten(headers: Headers): string[] {
  const flat: string[] = []
  headers.forEach((value, name) => {
    flat.push(name, value)
  })
  return flat
}

function replaceHeader(headers: readonly string[], name: string, value: string): string[] {
  const others = headers.filter((_, i) => headers[i - (i % 2)] !== name)
  return [...others, name, value]
}
