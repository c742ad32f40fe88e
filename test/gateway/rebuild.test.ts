import { Hono } from "hono"
import { basePath, matchedRoutes } from "hono/route"
import { LinearRouter } from "hono/router/linear-router"
import { Hono as TinyHono } from "hono/tiny"
import { describe, expect, it } from "vitest"
import { rebuild } from "../../src/gateway/rebuild.ts"

const keep = (row: { handler: unknown }) => row.handler as never

describe("rebuild", () => {
  it("keeps rows, notFound, onError and replaces handlers", async () => {
    const app = new Hono()
    app.use("/a/*", async (c, next) => {
      c.header("x-middleware", "1")
      await next()
    })
    app.get("/a/one", (c) => c.text("one"))
    app.get("/a/two", () => {
      throw new Error("two")
    })
    app.notFound((c) => c.text("own 404", 404))
    app.onError((error, c) => c.text(`own ${error.message}`, 500))
    const copy = rebuild(app, [], (row, i) => (i === 1 ? (c) => c.text("replaced") : row.handler))

    const one = await copy.request("/a/one")
    expect([await one.text(), one.headers.get("x-middleware")]).toEqual(["replaced", "1"])
    expect(await (await copy.request("/a/two")).text()).toBe("own two")
    expect(await (await copy.request("/none")).text()).toBe("own 404")
    expect(await (await app.request("/a/one")).text()).toBe("one")
    expect(copy.routes.map((r) => `${r.method} ${r.path}`)).toEqual(
      app.routes.map((r) => `${r.method} ${r.path}`),
    )
  })

  it("works after the app has served, and leaves it open for more routes of its own", async () => {
    const app = new Hono().get("/x", (c) => c.text("x"))
    await app.request("/x")
    const copy = rebuild(app, [], keep)
    expect(await (await copy.request("/x")).text()).toBe("x")
  })

  it("keeps the app's base path, and those of mounted apps", async () => {
    const inner = new Hono().get("/deep", (c) => c.text(basePath(c)))
    const app = new Hono().basePath("/v1")
    app.route("/inner", inner)
    app.get("/x", (c) => c.text(String(matchedRoutes(c).length)))
    const copy = rebuild(app, [], keep)
    for (const path of ["/v1/inner/deep", "/v1/x", "/x"]) {
      expect(await (await copy.request(path)).text()).toBe(await (await app.request(path)).text())
    }
  })

  it("keeps strict: false and getPath", async () => {
    const loose = rebuild(
      new Hono({ strict: false }).get("/x", (c) => c.text("x")),
      [],
      keep,
    )
    expect((await loose.request("/x/")).status).toBe(200)
    const byHost = new Hono({ getPath: (r) => `/${new URL(r.url).host}` }).get("/shop.test", (c) =>
      c.text("shop"),
    )
    expect(await (await rebuild(byHost, [], keep).request("http://shop.test/any")).text()).toBe("shop")
  })

  it("keeps the kind of router", async () => {
    const linear = new Hono({ router: new LinearRouter() }).get("/x", (c) => c.text("x"))
    const copy = rebuild(linear, [], keep)
    expect(copy.router).toBeInstanceOf(LinearRouter)
    expect(copy.router).not.toBe(linear.router)
    const tiny = new TinyHono().get("/:a", (c) => c.text(c.req.param("a")))
    expect(await (await rebuild(tiny as never, [], keep).request("/y")).text()).toBe("y")
  })

  it("puts the given rows first", async () => {
    const app = new Hono().get("*", (c) => c.text("catch-all"))
    const copy = rebuild(app, [{ method: "GET", path: "/healthz", handler: async (c) => c.text("ok") }], keep)
    expect(await (await copy.request("/healthz")).text()).toBe("ok")
    expect(await (await copy.request("/other")).text()).toBe("catch-all")
  })
})
