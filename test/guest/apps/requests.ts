import { Hono } from "hono"
import { getCookie } from "hono/cookie"

const text = async (value: unknown): Promise<unknown> =>
  value instanceof File ? `${value.name} ${value.type} ${value.size} ${await value.text()}` : value

/** Every way to read a request. */
const app = new Hono()
app.all("/url", (c) => c.json({ url: c.req.url, path: c.req.path, method: c.req.method }))
app.get("/query", (c) =>
  c.json({
    all: c.req.query(),
    a: c.req.query("a") ?? null,
    queries: c.req.queries(),
    as: c.req.queries("a") ?? null,
  }),
)
app.get("/headers", (c) =>
  c.json({
    all: c.req.header(),
    upper: c.req.header("X-UPPER") ?? null,
    cookies: getCookie(c),
    a: getCookie(c, "a") ?? null,
  }),
)
app.get("/params/:id/:rest{.+}", (c) => c.json({ ...c.req.param(), id: c.req.param("id") }))
app.post("/json", async (c) => c.json({ got: await c.req.json() }))
app.post("/text", async (c) => c.text(await c.req.text()))
app.post("/twice", async (c) =>
  c.json([await c.req.text(), await c.req.json(), (await c.req.arrayBuffer()).byteLength]),
)
app.post("/bytes", async (c) => c.body(await c.req.arrayBuffer()))
app.post("/blob", async (c) => {
  const blob = await c.req.blob()
  return c.json({ size: blob.size, type: blob.type, text: await blob.text() })
})
app.post("/parse-body", async (c) => {
  const body = await c.req.parseBody({ all: c.req.query("all") === "1", dot: c.req.query("dot") === "1" })
  const shown: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(body)) {
    shown[name] = Array.isArray(value) ? await Promise.all(value.map(text)) : await text(value)
  }
  return c.json(shown as Record<string, never>)
})
app.post("/form-data", async (c) => {
  const form = await c.req.formData()
  return c.json(
    await Promise.all([...form].map(async ([name, value]) => [name, (await text(value)) as string])),
  )
})
app.post("/raw", async (c) => {
  const { raw } = c.req
  const copy = raw.clone()
  return c.json({
    url: raw.url,
    type: raw.headers.get("Content-Type"),
    has: raw.headers.has("x-none"),
    before: raw.bodyUsed,
    text: await raw.text(),
    after: raw.bodyUsed,
    copy: await copy.text(),
    aborted: raw.signal.aborted,
  })
})
app.post("/stream", async (c) => {
  let length = 0
  for await (const chunk of c.req.raw.body as unknown as AsyncIterable<Uint8Array>) length += chunk.length
  return c.json({ length })
})

export default app
