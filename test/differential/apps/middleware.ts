/** What middleware in the gateway and handlers in functions do to each other. */
import { Hono } from "hono"
import { cors } from "hono/cors"
import { etag } from "hono/etag"
import { createMiddleware } from "hono/factory"
import { secureHeaders } from "hono/secure-headers"

interface Variables {
  text: string
  number: number
  flag: boolean
  nothing: null
  user: { id: number; name: string; roles: string[] }
  list: number[]
  fromHandler: string
  client: Date
}

const app = new Hono<{ Variables: Variables }>()

const variables = createMiddleware<{ Variables: Variables }>(async (c, next) => {
  c.set("text", "tëxt")
  c.set("number", -0.5)
  c.set("flag", true)
  c.set("nothing", null)
  c.set("user", { id: 7, name: "Ada ✓", roles: ["a", "b"] })
  c.set("list", [1, 2, 3])
  c.set("client", new Date(0))
  await next()
  const set = c.get("fromHandler")
  if (set) c.header("x-from-handler", encodeURIComponent(JSON.stringify(set)))
})

app.use("/vars/*", variables)
app.get("/vars/get", (c) =>
  c.json({ text: c.get("text"), number: c.get("number"), flag: c.get("flag"), nothing: c.get("nothing") }),
)
app.get("/vars/object", (c) => c.json({ user: c.var.user, list: c.var.list }))
app.get("/vars/unset", (c) => c.json({ there: c.get("fromHandler") === undefined }))
app.get("/vars/set", (c) => {
  c.set("fromHandler", "hello ✓")
  return c.text("set")
})
app.get("/vars/replace", (c) => {
  c.set("text", `${c.get("text")}!`)
  return c.text(c.get("text"))
})

app.use("/headers/*", async (c, next) => {
  c.header("x-before", "middleware")
  c.header("x-both", "middleware")
  c.header("x-list", "1", { append: true })
  c.header("set-cookie", "before=1", { append: true })
  await next()
  c.header("x-after", "middleware")
  c.header("set-cookie", "after=1", { append: true })
})
app.get("/headers/none", (c) => c.json({ ok: 1 }))
app.get("/headers/text", (c) => c.text("ok"))
app.get("/headers/replace", (c) => {
  c.header("x-both", "handler")
  c.header("x-list", "2", { append: true })
  return c.json({ ok: 1 })
})
app.get("/headers/delete", (c) => {
  c.header("x-before", undefined)
  return c.text("ok")
})
app.get("/headers/in-json", (c) => c.json({ ok: 1 }, 201, { "x-both": "json" }))
app.get("/headers/cookie", (c) => {
  c.header("set-cookie", "handler=1", { append: true })
  return c.html("<b>ok</b>")
})
app.get("/headers/plain", () => new Response("plain", { headers: { "x-plain": "1" } }))
app.get("/headers/not-found", (c) => c.notFound())
app.get("/headers/throws", () => {
  throw new Error("oops")
})

app.use("/status/*", async (c, next) => {
  c.status(202)
  await next()
})
app.get("/status/kept", (c) => c.json({ ok: 1 }))
app.get("/status/kept-text", (c) => c.text("ok"))
app.get("/status/own", (c) => c.json({ ok: 1 }, 200))

app.use("/replace/*", async (c, next) => {
  await next()
  const text = await c.res.text()
  c.res = new Response(`<<${text}>>`, c.res)
})
app.get("/replace/text", (c) => c.text("inner", 203))

app.use("/guard/*", async (c, next) => {
  if (c.req.header("x-pass") !== "yes") return c.text("stop", 401)
  await next()
})
app.get("/guard/in", (c) => c.text("in"))

app.use("/cors/*", cors({ origin: "https://example.com", credentials: true, allowMethods: ["GET", "PUT"] }))
app.get("/cors/x", (c) => c.json({ ok: 1 }))
app.put("/cors/x", (c) => c.json({ ok: 2 }))
app.use("/etag/*", etag())
app.get("/etag/x", (c) => c.text("tagged"))
app.use("/secure/*", secureHeaders())
app.get("/secure/x", (c) => c.text("secure"))

app.use("/body/*", async (c, next) => {
  await c.req.parseBody()
  await next()
})
app.post("/body/form", async (c) => c.json(await c.req.parseBody()))
app.post("/body/text", async (c) => c.text(await c.req.text()))
app.use("/raw/*", async (c, next) => {
  await c.req.raw.text()
  await next()
})
app.post("/raw/used", async (c) => c.text(await c.req.text()))
app.post("/raw/unread", (c) => c.text("did not look"))

// Methods.
app.get("/method", (c) => c.text("get"))
app.post("/method", (c) => c.text("post"))
app.on(["PUT", "PATCH"], "/method", (c) => c.text(c.req.method))
app.on("PURGE", "/method", (c) => c.text("purged"))
app.options("/method", (c) => c.body(null, 204, { allow: "GET, POST" }))
app.all("/any", (c) => c.json({ method: c.req.method }))
app.on("GET", ["/one", "/other"], (c) => c.text(c.req.path))

// A later handler of the same path runs only if the earlier calls next.
app.get("/twice", (c) => c.text("first"))
app.get("/twice", (c) => c.text("second"))

const inner = new Hono<{ Variables: Variables }>().basePath("/inner")
inner.use(variables)
inner.get("/:id", (c) => c.json({ id: c.req.param("id"), user: c.get("user").id }))
inner.get("/:id/deep/:key?", (c) => c.json({ ...c.req.param(), text: c.get("text") }))
app.route("/outer/:outer", inner)

app.onError((error, c) => c.text(`caught ${error.message}`, 500))
app.notFound((c) => c.text(`nothing at ${c.req.path}`, 404))

export default app
