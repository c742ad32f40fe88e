import { Hono } from "hono"
import { deleteCookie, getCookie, setCookie } from "hono/cookie"
import { html } from "hono/html"
import { HTTPException } from "hono/http-exception"
import { matchedRoutes, routePath } from "hono/route"

class Teapot extends Error {
  override readonly name = "Teapot"
}

const sub = new Hono().basePath("/sub")
sub.onError((error, c) => c.json({ sub: error.message }, 418))
sub.get("/fails", () => {
  throw new Error("in sub")
})
sub.get("/fails/later", async (c) => {
  c.header("x-before", "kept")
  await Promise.resolve()
  throw new Error("later in sub")
})
sub.get("/touched", (c) => {
  c.header("x-before", "kept")
  c.res.headers.append("x-res", "1")
  return c.json({ touched: true }, 201)
})
sub.get("/works/:id", (c) => c.json({ id: c.req.param("id") }))

/** Every way to answer, and to fail. */
const app = new Hono()
app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse()
  c.header("x-error", error.name)
  // What engines say of their own errors differs.
  return c.json({ error: error instanceof TypeError ? error.name : error.message }, 500)
})
app.notFound((c) => c.text("nothing here", 404))

app.get("/json", (c) => c.json({ a: 1, b: [true, null, undefined], c: undefined, d: new Date(0) }))
app.get("/json/status", (c) => c.json([1, 2], 201, { "x-a": "1", "x-b": ["2", "3"] }))
app.get("/json/init", (c) =>
  c.json("text", { status: 202, headers: { "x-a": "1", "content-type": "application/x" } }),
)
app.get("/json/undefined", (c) => c.json(undefined))
app.get("/json/bigint", (c) => c.json({ n: 1n } as never))
app.get("/json/cycle", (c) => {
  const a: Record<string, unknown> = {}
  a.a = a
  return c.json(a as never)
})
app.get("/json/prepared", (c) => {
  c.status(203)
  c.header("x-a", "1")
  c.header("x-a", "2", { append: true })
  c.header("content-type", "overwritten/by-json")
  c.header("x-gone", "1")
  c.header("x-gone", undefined)
  return c.json({})
})
app.get("/json/read", async (c) => {
  const response = c.json({ a: [1, "ü"] })
  return c.text(`${await response.clone().text()} ${((await response.json()) as { a: unknown[] }).a.length}`)
})
app.get("/json/passed-on", (c) => new Response(c.json({ a: 1 }).body, { headers: { "x-a": "1" } }))
app.get("/json/changed", (c) => {
  const response = c.json({ a: 1 })
  response.headers.set("content-type", "application/vnd.api+json")
  response.headers.append("vary", "accept")
  return response
})
app.get("/text", (c) => c.text("plain ü"))
app.get("/text/status", (c) => c.text("plain", 201))
app.get("/text/headers", (c) => c.text("plain", 200, { "x-a": "1" }))
app.get("/text/empty", (c) => c.text(""))
app.get("/html", (c) => c.html("<p>hi</p>"))
app.get("/html/template", (c) => c.html(html`<p>${"<escaped>"}</p>`))
app.get("/html/promise", (c) => c.html(Promise.resolve("<p>later</p>"), 201))
app.get("/body/string", (c) => c.body("a string"))
app.get("/body/bytes", (c) =>
  c.body(new Uint8Array([0, 255, 10]), 200, { "content-type": "application/octet-stream" }),
)
app.get("/body/buffer", (c) => c.body(new Uint8Array([1, 2, 3]).buffer))
app.get("/body/null", (c) => c.body(null, 204))
app.get("/body/stream", (c) =>
  c.body(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("one "))
        controller.enqueue(new TextEncoder().encode("two"))
        controller.close()
      },
    }),
  ),
)
app.get("/redirect", (c) => c.redirect("/somewhere?ü"))
app.get("/redirect/308", (c) => c.redirect(new URL("/a b", "http://localhost/x/y"), 308))
app.get("/not-found", (c) => c.notFound())
app.get("/new-response", (c) => c.newResponse("made", 201, { "x-a": "1" }))
app.get(
  "/plain",
  () =>
    new Response("plain", {
      status: 201,
      headers: [
        ["x-a", "1"],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ],
    }),
)
app.get("/plain/json", () => Response.json({ a: 1 }, { status: 201 }))
app.get("/plain/redirect", () => Response.redirect("http://localhost/else", 307))
app.get("/plain/form", () => new Response(new URLSearchParams({ a: "1 2", b: "ü&" })))
app.get("/plain/blob", () => new Response(new Blob(["a", new Uint8Array([98])], { type: "text/csv" })))
app.get("/plain/empty", () => new Response())
app.get("/async", async (c) => {
  await new Promise((resolve) => queueMicrotask(() => resolve(0)))
  return c.json({ async: true })
})
app.get("/throws", () => {
  throw new Teapot("short and stout")
})
app.get("/throws/async", async () => {
  await null
  throw new TypeError("async")
})
app.get("/throws/http", () => {
  throw new HTTPException(403, { message: "no" })
})
app.get("/throws/http/response", () => {
  throw new HTTPException(401, { res: new Response("who?", { headers: { "www-authenticate": "Basic" } }) })
})
app.get("/throws/after-header", (c) => {
  c.header("x-before", "kept")
  throw new Error("after")
})
app.get("/cookies", (c) => {
  setCookie(c, "a", "1", { path: "/", httpOnly: true, maxAge: 60 })
  setCookie(c, "b", "ü;", { secure: true, sameSite: "Lax" })
  deleteCookie(c, "old")
  return c.json(getCookie(c))
})
app.get("/res", (c) => {
  c.res.headers.set("x-res", "1")
  return c.json({ a: 1 })
})
app.get("/render", (c) => {
  c.setRenderer((content) => c.html(`<main>${content}</main>`))
  return c.render("in a layout")
})
app.get("/detached", ({ json, req }) => json({ path: req.path, method: req.method }))
app.get("/route/:a/:b?", (c) =>
  c.json({
    path: routePath(c),
    matched: matchedRoutes(c).map((route) => route.path),
    params: c.req.param(),
    a: c.req.param("a"),
    none: c.req.param("none" as "a") ?? null,
  }),
)
app.route("/", sub)

export default app
