/** Everything that can go wrong in a handler, and who answers then. */
import { Hono } from "hono"
import { HTTPException } from "hono/http-exception"

class Teapot extends Error {
  override readonly name = "Teapot"
  readonly strength = 3
}

const app = new Hono()

// Middleware sees what the handler threw.
app.use("/seen/*", async (c, next) => {
  await next()
  c.header("x-error", c.error ? `${c.error.name}: ${c.error.message}` : "none")
})

app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse()
  if (error instanceof Teapot) return c.json({ teapot: error.message, strength: error.strength }, 418)
  c.header("x-kind", error.name)
  return c.json({ error: error.message }, 500)
})
app.notFound((c) => c.json({ nothing: c.req.path }, 404))

app.get("/error", () => {
  throw new Error("broken ünïcode")
})
app.get("/type-error", (c) => c.json({ n: (undefined as unknown as { x: number }).x }))
app.get("/teapot", () => {
  throw new Teapot("short and stout")
})
app.get("/rejects", async () => {
  await Promise.resolve()
  throw new Error("later")
})
app.get("/header-then-throw", (c) => {
  c.header("x-before", "kept")
  throw new Error("after header")
})
app.get("/exception", () => {
  throw new HTTPException(403, { message: "forbidden" })
})
app.get("/exception-plain", () => {
  throw new HTTPException(401, {
    res: new Response("who?", { status: 401, headers: { "www-authenticate": "Basic" } }),
  })
})
app.get("/exception-empty", () => {
  throw new HTTPException(400)
})
app.get("/not-found", (c) => c.notFound())
app.get("/json-error", (c) => c.json(JSON.parse("{broken")))
app.get("/seen/ok", (c) => c.text("fine"))
app.get("/seen/error", () => {
  throw new RangeError("seen")
})
app.get("/seen/exception", () => {
  throw new HTTPException(409, { message: "conflict" })
})

// A mounted app with its own onError.
const shop = new Hono()
shop.onError((error, c) => c.text(`shop says: ${error.message}`, 503))
shop.get("/ok", (c) => c.text("open"))
shop.get("/error", () => {
  throw new Error("closed")
})
shop.get("/exception", () => {
  throw new HTTPException(402, { message: "pay" })
})
shop.get("/none", (c) => c.notFound())
app.route("/shop", shop)

// Within it, one with its own.
const till = new Hono()
till.onError((error, c) => c.json({ till: error.message }, 507))
till.get("/error", () => {
  throw new Error("jammed")
})
const mall = new Hono()
mall.onError((error, c) => c.json({ mall: error.message }, 508))
mall.route("/till", till)
mall.get("/error", () => {
  throw new Error("shut")
})
app.route("/mall", mall)

// One without: errors go to the app's.
const plain = new Hono()
plain.get("/error", () => {
  throw new Error("from plain")
})
app.route("/plain", plain)

export default app
