/** Everything that a handler can return. */
import { Hono } from "hono"
import { deleteCookie, setCookie } from "hono/cookie"

interface Item {
  id: number
  name: string
  note: string | null
  tag?: string
  both?: string | null
  list: number[]
  maybeList?: string[] | null
  nested: { on: boolean; deep?: { n: number } }
  map: Record<string, number>
  kind: "small" | "large"
}

const item: Item = {
  id: 1,
  name: 'Ünïcødé 🎉 \u0000 " \\ </script>',
  note: null,
  list: [1, -2.5, 0, 1e300],
  nested: { on: false },
  map: { b: 2, a: 1, "": 0, ключ: -1 },
  kind: "large",
}

const app = new Hono()

// JSON.
app.get("/json", (c) => c.json({ hello: "world" }))
app.get("/item", (c) => c.json(item))
app.get("/item-full", (c) => {
  const full: Item = {
    ...item,
    note: "n",
    tag: "",
    both: null,
    maybeList: [],
    nested: { on: true, deep: { n: 0 } },
  }
  return c.json(full)
})
app.get("/item-null-list", (c) => {
  const value: Item = { ...item, both: "", maybeList: null, map: {} }
  return c.json(value)
})
app.get("/list", (c) => c.json([item, item]))
app.get("/empty-list", (c) => c.json([] as string[]))
app.get("/empty-object", (c) => c.json({}))
app.get("/null", (c) => c.json(null))
app.get("/string", (c) => c.json("text"))
app.get("/number", (c) => c.json(42.5))
app.get("/boolean", (c) => c.json(false))
app.get("/edges", (c) => {
  const edges = [
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 63,
    2 ** 64,
  ]
  return c.json({
    edges,
    halves: edges.map((edge) => edge + 0.5),
    int32: edges.map((edge) => edge | 0),
    uint32: edges.map((edge) => edge >>> 0),
    masked: edges.map((edge) => edge & 0x7fffffff),
    parsed: edges.map((edge) => Number(`${edge}`)),
    typed: [...new Uint32Array(edges), ...new Int32Array(edges)],
    sliced: edges.map((edge) => "abcdef".slice(1, edge)),
    clamped: edges.map((edge) => Math.min(edge, 2147483647)),
    zeros: edges.map((edge) => Math.clz32(edge)),
    dates: edges.slice(0, 7).map((edge) => new Date(edge % 8.64e15).getTime()),
    flat: [[1, [2]]].flat(2147483647),
  })
})
app.get("/nested-lists", (c) => c.json({ grid: [[1, 2], [], [3]] }))
app.get("/numbers", (c) =>
  c.json({
    zero: 0,
    minusZero: -0,
    big: 2 ** 53,
    small: 5e-324,
    max: Number.MAX_VALUE,
    nan: Number.NaN,
    inf: Infinity,
  }),
)
app.get("/date", (c) => c.json({ at: new Date(0), list: [new Date(1e12)], none: null as Date | null }))
app.get("/undefined", (c) => c.json({ a: undefined as string | undefined, b: 1 }))
app.get("/to-json", (c) => c.json({ value: { secret: 1, toJSON: () => ({ shown: true }) } }))
app.get("/map-of-objects", (c) => {
  const result: Record<string, { n: number; list: string[] }> = {
    x: { n: 1, list: [] },
    y: { n: 0, list: ["a"] },
  }
  return c.json(result)
})
app.get("/union", (c) => {
  const value: { kind: "a"; n: number } | { kind: "b"; s: string } = { kind: "b", s: "x" }
  return c.json(value as { kind: "a"; n: number } | { kind: "b"; s: string })
})
app.get("/status/:code", (c) => {
  const code = c.req.param("code")
  if (code === "201") return c.json({ created: true }, 201)
  if (code === "202") return c.json({ accepted: "later" }, 202)
  if (code === "404") return c.json({ error: "none", tried: ["a"] }, 404)
  if (code === "418") return c.json({ teapot: true }, 418)
  return c.json({ ok: 1 })
})
app.get("/header-status", (c) => {
  c.status(203)
  c.header("x-one", "1")
  return c.json({ a: 1 })
})
app.get("/json-headers", (c) =>
  c.json({ a: 1 }, 200, { "x-a": "1", "x-b": "2", "content-type": "application/vnd.x+json" }),
)
app.get("/json-init", (c) => c.json({ a: 1 }, { status: 206, headers: { "x-init": "yes" } }))

// Values that do not fit their type: nothing may get lost.
app.get("/misfit-extra", (c) => {
  const value = { a: 1, extra: { b: [1, "two", null] } }
  return c.json(value as { a: number })
})
app.get("/misfit-type", (c) => c.json({ a: "not a number" as unknown as number }))
app.get("/misfit-null", (c) => c.json({ a: null as unknown as string }))
app.get("/misfit-literal", (c) => c.json({ kind: "other" as "a" | "b" }))
app.get("/misfit-absent", (c) => c.json({} as { a: string }))
app.get("/any", (c) => c.json(JSON.parse('{"a":[1,{"b":null}],"1":true}')))
app.get("/unknown", (c) =>
  c.json({ data: [1, "a", null, { x: [] }] as (number | string | null | { x: number[] })[] }),
)

// Text, HTML and bytes.
app.get("/text", (c) => c.text("plain ünïcode ✓"))
app.get("/text-empty", (c) => c.text(""))
app.get("/text-status", (c) => c.text("made", 201))
app.get("/text-header", (c) => c.text("x", 200, { "x-a": "b" }))
app.get("/text-after-header", (c) => {
  c.header("x-before", "1")
  return c.text("x")
})
app.get("/html", (c) => c.html("<p>ünïcode ✓</p>"))
app.get("/html-status", (c) => c.html("<p>gone</p>", 410))
app.get("/body-text", (c) => c.body("body"))
app.get("/body-typed", (c) => {
  c.header("content-type", "text/csv")
  return c.body("a,b\n1,2\n")
})
app.get("/body-null", (c) => c.body(null))
app.get("/body-bytes", (c) => {
  const bytes = new Uint8Array(256)
  for (let i = 0; i < 256; i++) bytes[i] = i
  c.header("content-type", "application/octet-stream")
  return c.body(bytes)
})
app.get("/body-buffer", (c) => c.body(new Uint8Array([0, 255, 128]).buffer))
app.get("/no-content", (c) => c.body(null, 204))
app.get("/not-modified", (c) => {
  c.header("etag", '"x"')
  return c.body(null, 304)
})
app.get("/new-response", (c) => c.newResponse("x", 299 as 200, { "x-a": "1" }))
app.get("/big/:kb", (c) => c.text("0123456789abcdef".repeat(64 * Number(c.req.param("kb")))))
app.get("/big-json/:n", (c) => {
  const items = Array.from({ length: Number(c.req.param("n")) }, (_, i) => ({
    ...item,
    id: i,
    name: `item ${i} ✓`,
  }))
  return c.json({ items, count: items.length })
})

// Redirects and not found.
app.get("/redirect", (c) => c.redirect("/text"))
app.get("/redirect-301", (c) => c.redirect("https://example.com/a?b=c#d", 301))
app.get("/redirect-unicode", (c) => c.redirect("/ünï/✓"))
app.get("/not-found", (c) => c.notFound())
app.get("/not-found-header", (c) => {
  c.header("x-looked", "yes")
  return c.notFound()
})

// Headers and cookies.
app.get("/headers", (c) => {
  c.header("x-a", "1")
  c.header("x-a", "2")
  c.header("x-b", "1", { append: true })
  c.header("x-b", "2", { append: true })
  c.header("x-c", "1")
  c.header("x-c", undefined)
  return c.json({ ok: true })
})
app.get("/cookies", (c) => {
  setCookie(c, "a", "1", { path: "/", httpOnly: true, maxAge: 60 })
  setCookie(c, "b", "ü;=", { sameSite: "Strict", secure: true })
  deleteCookie(c, "old", { path: "/" })
  return c.text("cookies")
})
app.get("/cookie-in-header", (c) =>
  c.json({ ok: 1 }, 200, { "set-cookie": ["x=1", "y=2"] as unknown as string }),
)

// Responses made without the context.
app.get("/plain", () => new Response("plain"))
app.get("/plain-json", () => Response.json({ a: [1, 2] }, { status: 203 }))
app.get("/plain-headers", () => {
  const headers = new Headers({ "x-a": "1" })
  headers.append("set-cookie", "a=1")
  headers.append("set-cookie", "b=2")
  return new Response(null, { status: 204, headers })
})
app.get("/plain-bytes", () => new Response(new Uint8Array([1, 2, 3])))
app.get("/plain-redirect", () => Response.redirect("http://localhost/x", 307))

// Asynchronous.
app.get("/async", async (c) => {
  const parts = await Promise.all([1, 2, 3].map(async (n) => n * 2))
  return c.json({ parts })
})
app.get("/microtask", async (c) => {
  await Promise.resolve()
  return c.text(await new Promise<string>((resolve) => queueMicrotask(() => resolve("later"))))
})

export default app
