import type { Context, Hono } from "hono"

/** A response, made comparable. */
export interface Answer {
  status: number
  headers: [string, string][]
  body: unknown
}

/** A request for a route's handler, as a gateway without middleware sees it. */
export interface Call {
  route: number
  method: string
  url: string
  /** Name and value in turn. */
  headers: string[]
  body: Uint8Array | undefined
  params: (string | undefined)[]
}

/** What came back. */
export interface Outcome {
  status: number
  /** Name, value and mode in turn. */
  headers: (string | number)[]
  body: Uint8Array | undefined
  /** The body is JSON text. */
  json: boolean
  notFound: boolean
}

/** Answers a request with the app itself. */
export async function answerNatively(app: Hono, request: Request): Promise<Answer> {
  return describe(await app.fetch(request))
}

/** Answers a request as a gateway would: the app's last matching handler runs elsewhere, its reply's headers are replayed. */
export async function answerElsewhere(
  app: Hono,
  request: Request,
  run: (call: Call) => Promise<Outcome>,
): Promise<Answer> {
  const outcome = await run(await toCall(app, request))
  if (outcome.notFound) return answerNatively(app, new Request("http://localhost/no/such/route"))
  const headers = new Headers()
  for (let i = 0; i < outcome.headers.length; i += 3) {
    const [name, value, mode] = outcome.headers.slice(i, i + 3) as [string, string, number]
    if (mode === 2) headers.delete(name)
    else if (mode === 1) headers.append(name, value)
    else headers.set(name, value)
  }
  if (outcome.json && !headers.has("content-type")) headers.set("content-type", "application/json")
  const { body, status } = outcome
  // What Response itself says of text is left to it.
  const isSimpleText =
    body !== undefined &&
    status === 0 &&
    outcome.headers.length === 3 &&
    headers.get("content-type") === "text/plain; charset=UTF-8"
  if (isSimpleText) headers.delete("content-type")
  const content = isSimpleText ? Buffer.from(body).toString() : body
  return describe(new Response(content as string, { status: status || 200, headers }))
}

async function toCall(app: Hono, request: Request): Promise<Call> {
  const { method, url } = request
  const [found, values] = app.router.match(method, app.getPath(request)) as unknown as [
    [[(c: Context) => unknown, { path: string }], Record<string, string | number>][],
    string[] | undefined,
  ]
  const [[, row], names] = found.at(-1)!
  const params = Array.from(row.path.replace(/\{[^}]+\}/g, "").matchAll(/\/:([^/?]+)/g), ([, name]) => {
    const at = names[name!]
    const value = values ? values[at as number] : (at as string | undefined)
    return value === undefined ? undefined : decodeURIComponent(value)
  })
  const body = new Uint8Array(await request.clone().arrayBuffer())
  return {
    route: app.routes.indexOf(row as never),
    method,
    url,
    headers: [...request.headers].flat(),
    body: body.length > 0 ? body : undefined,
    params,
  }
}

async function describe(response: Response): Promise<Answer> {
  const headers = [...response.headers].filter(([name]) => name !== "set-cookie")
  for (const cookie of response.headers.getSetCookie()) headers.push(["set-cookie", cookie])
  const text = Buffer.from(await response.arrayBuffer()).toString()
  // JSON is compared as a value.
  const isJson = /json/.test(response.headers.get("content-type") ?? "") && text !== ""
  return { status: response.status, headers, body: isJson ? JSON.parse(text) : text }
}
