/** Everything that a handler can read of a request. */
import { zValidator } from "@hono/zod-validator"
import { Hono } from "hono"
import { getCookie } from "hono/cookie"
import { validator } from "hono/validator"
import { z } from "zod"

const app = new Hono()

// Path parameters.
app.get("/p/:a", (c) => c.json({ a: c.req.param("a") }))
app.get("/p/:a/q/:b", (c) => c.json(c.req.param()))
app.get("/opt/:a?", (c) => c.json({ a: c.req.param("a") ?? null, all: Object.keys(c.req.param()) }))
app.get("/num/:id{[0-9]+}", (c) => c.text(`id ${c.req.param("id")}`))
app.get("/file/:name{.+\\.txt}", (c) => c.text(c.req.param("name")))
app.get("/wild/*", (c) => c.json({ path: c.req.path }))
app.get("/valid-param/:n", zValidator("param", z.object({ n: z.coerce.number() })), (c) =>
  c.json({ n: c.req.valid("param").n, raw: c.req.param("n") }),
)

// The query.
app.get("/query", (c) =>
  c.json({ q: c.req.query("q") ?? null, all: c.req.query(), list: c.req.queries("t") ?? [] }),
)
app.get("/queries", (c) => c.json(c.req.queries()))
app.get("/url", (c) => c.json({ url: c.req.url, path: c.req.path, method: c.req.method }))
app.get(
  "/valid-query",
  zValidator(
    "query",
    z.object({
      n: z.coerce.number(),
      tags: z.array(z.string()).optional(),
      on: z.enum(["y", "n"]).optional(),
    }),
  ),
  (c) => {
    const query = c.req.valid("query")
    return c.json({ ...query, has: "tags" in query })
  },
)

// Headers and cookies.
app.get("/header", (c) =>
  c.json({ x: c.req.header("x-test") ?? null, accept: c.req.header("ACCEPT") ?? null }),
)
app.get("/headers", (c) => c.json(c.req.header()))
app.get("/raw-headers", (c) => c.json([...c.req.raw.headers].map(([name, value]) => `${name}=${value}`)))
app.get("/cookie", (c) => c.json({ one: getCookie(c, "one") ?? null, all: getCookie(c) }))
app.get("/valid-header", zValidator("header", z.object({ "x-n": z.coerce.number() })), (c) =>
  c.json({ n: c.req.valid("header")["x-n"] + 1 }),
)
app.get("/valid-cookie", zValidator("cookie", z.object({ session: z.string() })), (c) =>
  c.json({ session: c.req.valid("cookie").session }),
)

// Bodies as they are.
app.post("/json", async (c) => c.json({ got: await c.req.json() }))
app.post("/json-typed", async (c) => {
  const { name, tags } = await c.req.json<{ name: string; tags: string[] }>()
  return c.json({ name, count: tags.length })
})
app.post("/text", async (c) => c.text(`[${await c.req.text()}]`))
app.post("/bytes", async (c) => {
  const bytes = new Uint8Array(await c.req.arrayBuffer())
  let sum = 0
  for (const byte of bytes) sum = (sum * 31 + byte) % 65_521
  return c.json({ length: bytes.length, sum })
})
app.post("/echo", async (c) => c.body(await c.req.arrayBuffer()))
app.post("/twice", async (c) => c.json([await c.req.text(), await c.req.text()]))
app.post("/form", async (c) => c.json(await c.req.parseBody()))
app.post("/form-all", async (c) => c.json(await c.req.parseBody({ all: true })))
app.post("/form-data", async (c) => {
  const form = await c.req.formData()
  return c.json({ a: form.get("a") as string | null, all: form.getAll("b") as string[] })
})
app.post("/upload", async (c) => {
  const { file } = await c.req.parseBody()
  if (!(file instanceof File)) return c.json({ error: "no file" }, 400)
  return c.json({ name: file.name, type: file.type, size: file.size, text: await file.text() })
})
app.put("/method", async (c) => c.text(`${c.req.method} ${await c.req.text()}`))
app.patch("/method", async (c) => c.text(`${c.req.method} ${await c.req.text()}`))
app.delete("/method", async (c) => c.text(`${c.req.method} ${await c.req.text()}`))

// Validated bodies.
const item = z.object({
  id: z.number(),
  name: z.string(),
  note: z.string().nullable(),
  tag: z.string().optional(),
  both: z.string().nullish(),
  list: z.array(z.number()),
  maybeList: z.array(z.string()).optional(),
  nested: z.object({ on: z.boolean(), deep: z.object({ n: z.number() }).optional() }),
  map: z.record(z.string(), z.number()),
  kind: z.enum(["small", "large"]),
})
app.post("/valid-json", zValidator("json", item), (c) => {
  const value = c.req.valid("json")
  return c.json({
    value,
    has: { tag: "tag" in value, both: "both" in value, maybeList: "maybeList" in value },
  })
})
app.post(
  "/valid-date",
  zValidator("json", z.object({ at: z.coerce.date(), until: z.coerce.date().nullish() })),
  (c) => {
    const { at, until } = c.req.valid("json")
    return c.json({ isDate: at instanceof Date, ms: at.getTime(), until: until ? until.toISOString() : null })
  },
)
app.post("/valid-loose", zValidator("json", z.looseObject({ a: z.string() })), (c) =>
  c.json(c.req.valid("json")),
)
app.post("/valid-list", zValidator("json", z.array(z.object({ n: z.number() }))), (c) =>
  c.json({ sum: c.req.valid("json").reduce((sum, { n }) => sum + n, 0) }),
)
app.post("/valid-any", zValidator("json", z.any()), (c) => c.json({ value: c.req.valid("json") as unknown }))
app.post("/valid-and-raw", zValidator("json", z.object({ a: z.number() })), async (c) =>
  c.json({ valid: c.req.valid("json"), raw: await c.req.text() }),
)
app.post(
  "/valid-form",
  zValidator("form", z.object({ a: z.string(), "b[]": z.array(z.string()).optional() })),
  (c) => c.json(c.req.valid("form")),
)
app.post("/valid-file", zValidator("form", z.object({ file: z.instanceof(File) })), async (c) => {
  const { file } = c.req.valid("form")
  return c.json({ name: file.name, size: file.size })
})
app.post(
  "/own-validator",
  validator("json", (value: { n?: unknown }, c) => {
    if (typeof value.n !== "number") return c.text("n has to be a number", 400)
    return { doubled: value.n * 2 }
  }),
  (c) => c.json(c.req.valid("json")),
)
app.put(
  "/many/:id",
  zValidator("param", z.object({ id: z.coerce.number() })),
  zValidator("query", z.object({ dry: z.enum(["true", "false"]) })),
  zValidator("json", z.object({ n: z.number() })),
  (c) => c.json({ ...c.req.valid("param"), ...c.req.valid("query"), ...c.req.valid("json") }),
)

export default app
