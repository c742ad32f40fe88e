import type { Context, Hono } from "hono"
import type { LoadedGuest } from "./load-guest.ts"

/** A response, made comparable. */
export interface Answer {
  status: number
  headers: [string, string][]
  body: string
}

/** Answers a request with the app itself. */
export async function answerNatively(app: Hono, request: Request): Promise<Answer> {
  return describe(await app.fetch(request))
}

/**
 * Answers a request with the guest, as a gateway would: the app's last matching handler is run there, and the
 * reply's headers are replayed. There is no middleware.
 */
export async function answerInGuest(
  app: Hono,
  { guest, toBytes }: LoadedGuest,
  request: Request,
): Promise<Answer> {
  const inv = await toInvocation(app, request)
  // The glue makes it in the guest's realm.
  if (inv.body) inv.body = toBytes(inv.body)
  let reply = await guest.invoke(inv)
  if (reply.failure)
    throw new Error(`failure ${reply.failure.kind}: ${reply.failure.message}\n${reply.failure.stack}`)
  let body = reply.body
  if (reply.kind === 1) {
    try {
      body = JSON.stringify(reply.body)
    } catch (error) {
      reply = await guest.bodyFailed(inv, error)
      body = reply.kind === 1 ? JSON.stringify(reply.body) : reply.body
    }
  }
  if (reply.kind === 4)
    return { ...(await answerNatively(app, new Request("http://localhost/no/such/route"))) }
  const headers = new Headers()
  for (let i = 0; i < reply.headers.length; i += 3) {
    const [name, value, mode] = reply.headers.slice(i, i + 3)
    if (mode === 2) headers.delete(name)
    else if (mode === 1) headers.append(name, value)
    else headers.set(name, value)
  }
  if (reply.kind === 1 && !headers.has("content-type")) headers.set("content-type", "application/json")
  // What Response itself says of text is left to it.
  const simpleText =
    reply.kind === 3 &&
    reply.status === 0 &&
    reply.headers.length === 3 &&
    headers.get("content-type") === "text/plain; charset=UTF-8"
  if (simpleText) headers.delete("content-type")
  const bytes = simpleText || reply.kind === 1 ? body : Buffer.from(body ?? "")
  return describe(new Response(reply.kind === 0 ? null : bytes, { status: reply.status || 200, headers }))
}

async function toInvocation(app: Hono, request: Request) {
  const { method, url } = request
  const path = app.getPath(request)
  const [found, values] = app.router.match(method, path) as unknown as [
    [[(c: Context) => unknown, unknown], Record<string, string | number>][],
    string[] | undefined,
  ]
  const [[, row], names] = found.at(-1)!
  const param: Record<string, string> = {}
  for (const [name, at] of Object.entries(names)) {
    const value = values ? values[at as number] : (at as string)
    if (value !== undefined) param[name] = decodeURIComponent(value)
  }
  const bytes = new Uint8Array(await request.clone().arrayBuffer())
  return {
    route: app.routes.indexOf(row as never),
    method,
    url,
    headers: [...request.headers].flat(),
    body: bytes.length > 0 ? bytes : undefined,
    params: undefined,
    variables: undefined,
    input: { param },
  }
}

async function describe(response: Response): Promise<Answer> {
  const headers = [...response.headers].filter(([name]) => name !== "set-cookie")
  for (const cookie of response.headers.getSetCookie()) headers.push(["set-cookie", cookie])
  const body = Buffer.from(await response.arrayBuffer()).toString()
  return { status: response.status, headers, body }
}
