import { fileURLToPath } from "node:url"
import { beforeAll, beforeEach, describe, expect, it } from "vitest"
import { bundleApp } from "../../src/faaslet/bundle.ts"
import app from "./apps/responses.ts"
import { evaluate, type LoadedGuest } from "./load-guest.ts"

const appFile = (name: string) => fileURLToPath(new URL(`./apps/${name}.ts`, import.meta.url))

describe("what functions do not have", () => {
  let code: string
  let loaded: LoadedGuest
  beforeAll(async () => {
    code = (await bundleApp({ appFile: appFile("stubs") })).code
  })
  beforeEach(() => {
    loaded = evaluate(code)
    loaded.guest.warmUp()
  })
  const invoke = (path: string, more: object = {}) => {
    const route = loaded.guest.routes().findIndex((row: { path: string }) => row.path === path)
    return loaded.guest.invoke({ route, method: "GET", url: `http://localhost${path}`, input: {}, ...more })
  }

  it("lets the app load", async () => {
    expect((await invoke("/fine")).body).toEqual({ fine: true })
  })

  it.each([
    ["/config", "node:fs.readFileSync"],
    ["/env", "process.env.SECRET"],
    ["/os", "node:os.hostname"],
    ["/fetch", "fetch"],
    ["/intl", "Intl"],
    ["/subtle", "crypto.subtle.digest"],
  ])("%s throws an error that names it and the way out", async (path, what) => {
    const { thrown } = await invoke(path)
    expect(thrown.message).toContain(what)
    expect(thrown.message).toContain(`is not available in a Faasm function`)
    expect(thrown.message).toContain(`hono-faasm build --local "GET ${path}"`)
  })

  it("fires timers that the answer waits for, and none from before", async () => {
    const reply = invoke("/sleep")
    await new Promise((resolve) => setImmediate(resolve))
    expect(loaded.guest.idle()).toBe(true)
    expect((await reply).body).toEqual({ slept: true })
    expect(loaded.guest.idle()).toBe(false)
    expect(loaded.lines).toEqual([])
  })

  it("passes context variables in and out", async () => {
    const reply = await invoke("/variables", { variables: ["a", "x", "b", { c: 1 }] })
    expect(reply.body).toEqual({ a: "x", b: { c: 1 }, names: ["a", "b", "mine"] })
    expect(reply.variables).toEqual(["mine", [1]])
  })

  it.each(["/unavailable", "/unavailable/var"])("%s refuses a variable that stayed behind", async (path) => {
    const reply = await invoke(path, { variables: ["db", loaded.guest.unavailable("db", "class Pool")] })
    expect(reply.thrown.message).toContain(`the context variable "db" (class Pool)`)
    expect(reply.status).toBe(500)
  })

  it("fails for what onError does not get, and for what is no response", async () => {
    expect((await invoke("/throws-string")).failure).toMatchObject({ kind: 4, message: "a string" })
    expect((await invoke("/no-response")).failure).toMatchObject({ kind: 8 })
    expect((await invoke("/wrong-response")).failure.message).toContain("the handler returned Object")
    expect(loaded.guest.invoke({ route: 999 }).failure).toMatchObject({ kind: 3 })
  })

  it("refuses what the gateway did not send", async () => {
    const { guest } = evaluate((await bundleApp({ appFile: appFile("requests") })).code)
    const reply = await guest.invoke({ route: 0, method: "GET", url: undefined })
    expect(reply.thrown.message).toContain("the URL of the request")
  })
})

describe("the reply", () => {
  let loaded: LoadedGuest
  beforeAll(async () => {
    loaded = evaluate((await bundleApp({ appFile: appFile("responses") })).code)
  })
  const invoke = (path: string) => {
    const route = app.routes.findIndex((row) => row.path === path)
    return loaded.guest.invoke({ route, method: "GET", url: `http://localhost${path}`, input: {} })
  }

  it("leaves a JSON body as a value, without copying it", async () => {
    const reply = await invoke("/json")
    expect(reply).toMatchObject({ kind: 1, status: 0, headers: [], plain: false })
    expect(reply.body.b).toEqual([true, null, undefined])
    expect("c" in reply.body).toBe(true)
  })

  it("tells how headers change", async () => {
    const { headers } = await invoke("/json/prepared")
    expect(headers).toEqual(["x-gone", "", 2, "x-a", "1", 0, "x-a", "2", 1])
    const cookies = await invoke("/cookies")
    expect(cookies.headers.filter((_: unknown, i: number) => i % 3 === 2)).toEqual([1, 1, 1])
  })

  it("tells responses of the context from others", async () => {
    expect((await invoke("/json")).plain).toBe(false)
    expect((await invoke("/html/promise")).plain).toBe(false)
    expect((await invoke("/redirect")).plain).toBe(false)
    expect((await invoke("/sub/touched")).plain).toBe(false)
    expect((await invoke("/plain")).plain).toBe(true)
    expect((await invoke("/throws/http")).plain).toBe(true)
  })

  it("tells what was thrown", async () => {
    expect((await invoke("/throws")).thrown).toMatchObject({ name: "Teapot", message: "short and stout" })
    expect((await invoke("/throws")).thrown.stack).toMatch(/^Teapot: short and stout\n\s+at .*function\.js/)
    expect((await invoke("/sub/fails")).thrown).toMatchObject({ message: "in sub" })
  })

  it("asks for notFound with the headers so far", async () => {
    expect(await invoke("/not-found")).toMatchObject({ kind: 4, plain: false })
  })
})

describe("the platform", () => {
  let loaded: LoadedGuest
  beforeAll(async () => {
    loaded = evaluate((await bundleApp({ appFile: appFile("empty") })).code)
  })

  it("clones", () => {
    const result = loaded.run(`
      const value = { a: [1, , "x"], d: new Date(0), m: new Map([[{ k: 1 }, new Set([1n])]]), r: /x/gi, b: new Uint16Array([1, 2]) }
      value.self = value
      const copy = structuredClone(value)
      const refused = (what) => { try { structuredClone(what) } catch (error) { return error.name } }
      JSON.stringify([
        copy !== value, copy.self === copy, copy.a, 1 in copy.a, copy.d, String(copy.r), [...copy.b],
        [...copy.m].map(([key, set]) => [key, set.has(1n)]), refused(() => {}), refused(Promise.resolve()),
        structuredClone(new TypeError("t", { cause: 1 })) instanceof TypeError,
      ])`)
    expect(JSON.parse(result)).toEqual([
      true,
      true,
      [1, null, "x"],
      false,
      "1970-01-01T00:00:00.000Z",
      "/x/gi",
      [1, 2],
      [[{ k: 1 }, true]],
      "DataCloneError",
      "DataCloneError",
      true,
    ])
  })

  it("decodes text in pieces", () => {
    const { TextDecoder, TextEncoder } = loaded.global
    const decoder = new TextDecoder()
    const bytes = loaded.toBytes(new globalThis.TextEncoder().encode("\ufeffä€😀"))
    let text = ""
    for (const byte of bytes) text += decoder.decode(loaded.toBytes(new Uint8Array([byte])), { stream: true })
    expect(text + decoder.decode()).toBe("ä€😀")
    expect([...new TextEncoder().encode("ä\ud800")]).toEqual([0xc3, 0xa4, 0xef, 0xbf, 0xbd])
    expect(() =>
      new TextDecoder("utf-8", { fatal: true }).decode(loaded.toBytes(new Uint8Array([0xff]))),
    ).toThrow()
    expect(() => new TextDecoder("latin1")).toThrow(/UTF-8/)
  })

  it("logs", () => {
    loaded.lines.length = 0
    loaded.run(
      `console.log("%s is %d%%, %j", "x", 5, { a: 1 }, [1, { b: new Map([["k", null]]) }]); console.error("bad")`,
    )
    expect(loaded.lines).toEqual([`0 x is 5%, {"a":1} [ 1, { b: Map(1) { 'k' => null } } ]`, "1 bad"])
  })

  it("makes random ids", () => {
    const { crypto } = loaded.global
    expect(crypto.randomUUID()).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(crypto.randomUUID()).not.toBe(crypto.randomUUID())
    const array = new Uint32Array(4)
    expect(crypto.getRandomValues(array)).toBe(array)
  })

  it("aborts", () => {
    const { AbortController, AbortSignal } = loaded.global
    const controller = new AbortController()
    const any = AbortSignal.any([controller.signal])
    let heard = 0
    any.addEventListener("abort", () => heard++)
    controller.abort()
    controller.abort()
    expect(heard).toBe(1)
    expect(any.reason.name).toBe("AbortError")
    expect(() => any.throwIfAborted()).toThrow()
  })

  it("checks headers as Node", () => {
    const { Headers } = loaded.global
    for (const make of [Headers, globalThis.Headers]) {
      expect(() => new make({ "a b": "x" })).toThrow(/invalid|ByteString/)
      expect(() => new make({ a: "x\ny" })).toThrow(/invalid|ByteString/)
      expect(() => new make({ a: "€" })).toThrow(/invalid|ByteString/)
      const headers = new make([
        ["B", " 1\t"],
        ["a", "2"],
        ["b", "3"],
        ["Set-Cookie", "x"],
        ["set-cookie", "y"],
      ])
      expect([...headers]).toEqual([
        ["a", "2"],
        ["b", "1, 3"],
        ["set-cookie", "x"],
        ["set-cookie", "y"],
      ])
      expect(headers.getSetCookie()).toEqual(["x", "y"])
      headers.delete("b")
      expect([headers.get("b"), headers.has("A")]).toEqual([null, true])
    }
  })
})
