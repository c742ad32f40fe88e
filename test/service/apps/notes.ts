import { zValidator } from "@hono/zod-validator"
import { Hono } from "hono"
import { getCookie } from "hono/cookie"
import { HTTPException } from "hono/http-exception"
import { z } from "zod"

interface Note {
  id: string
  text: string
  tags: string[]
  due: string | null
}

const NOTES: Note[] = [{ id: "a/b", text: "first", tags: ["x"], due: null }]

const noteSchema = z.object({
  text: z.string().min(1),
  tags: z.array(z.string()).optional(),
  due: z.coerce.date().nullish(),
})

const app = new Hono<{ Variables: { user: string } }>()

app.use(async (c, next) => {
  c.header("x-app", "notes")
  c.header("x-path", c.req.path)
  await next()
})

app.use("/private/*", async (c, next) => {
  const user = c.req.header("authorization")
  if (!user) return c.json({ error: "who are you?" }, 401)
  c.set("user", user)
  await next()
})

/** One note. */
app.get("/notes/:id", (c) => {
  const note = NOTES.find(({ id }) => id === c.req.param("id"))
  return note ? c.json(note) : c.json({ error: "no such note", id: c.req.param("id") }, 404)
})

/** Adds a note. */
app.post("/notes", zValidator("json", noteSchema), (c) => {
  const { text, tags, due } = c.req.valid("json")
  if (text === "taken") throw new HTTPException(409, { message: "there is one already" })
  c.header("location", "/notes/new")
  return c.json({ id: "new", text, tags: tags ?? [], due: due?.toISOString() ?? null }, 201)
})

/** Finds notes. */
app.get(
  "/search",
  zValidator("query", z.object({ q: z.string(), limit: z.coerce.number().max(10).default(5) })),
  (c) => c.json({ ...c.req.valid("query"), session: getCookie(c, "session") ?? null }),
)

const metaSchema = z.object({ meta: z.record(z.string(), z.json()), value: z.json() })

app.post("/meta", zValidator("json", metaSchema), (c) => c.json(c.req.valid("json")))

app.post("/form", zValidator("form", z.object({ name: z.string(), age: z.coerce.number() })), (c) =>
  c.json(c.req.valid("form")),
)

const upload = z.object({
  title: z.string(),
  cover: z.instanceof(File).optional(),
  scans: z.array(z.file()).min(2).optional(),
})
const uploadHeaders = z.object({ "content-type": z.string() }).partial()
app.post("/upload", zValidator("header", uploadHeaders), zValidator("form", upload), async (c) => {
  const { title, cover, scans = [] } = c.req.valid("form")
  const seen = [cover ?? [], scans].flat().map(async (file) => ({
    name: file.name,
    type: file.type,
    bytes: [...new Uint8Array(await file.arrayBuffer())],
  }))
  return c.json({ title, files: await Promise.all(seen) })
})

app.get("/files/:path{.+}", (c) => c.text(`file ${c.req.param("path")}`))
app.get("/tree/*", (c) => c.text(c.req.path))
app.get("/old", (c) => c.redirect("/new"))
app.post("/echo", async (c) => c.body(await c.req.arrayBuffer(), 200, { "content-type": "image/x-test" }))
app.get("/private/me", (c) => c.json({ user: c.get("user") }))
app.get("/misfit", (c) => c.json({ n: "not a number" as unknown as number }))
app.delete("/notes/:id", (c) => c.body(null, 204))
app.get("/local", async (c) => {
  const { hostname } = await import("node:os")
  return c.json({ named: hostname().length > 0 })
})
app.get("/slow", async (c) => {
  await new Promise((resolve) => setTimeout(resolve, 5000))
  return c.json({ done: true })
})
app.get("/fails", () => {
  throw new Error("secret")
})

export default app
