import { describe, expect, test } from "vitest"
import { analyse, analyseOne, withHandler } from "./offloadable-program.ts"

const nothing = { headers: false, body: false, url: false, variables: false }
const everything = { headers: true, body: true, url: true, variables: true }

describe("a handler that a function can run", () => {
  test.each([
    ["parameters", "return c.json({ id: c.req.param('id') })"],
    ["status, headers and text", "c.status(201); c.header('x-a', 'b'); return c.text('made')"],
    ["a redirect", "return c.redirect('/elsewhere')"],
    ["notFound", "return c.notFound()"],
    ["a plain Response", "return new Response('x', { status: 202, headers: new Headers({ a: 'b' }) })"],
    ["a random id", "return c.json({ id: crypto.randomUUID(), at: Date.now(), r: Math.random() })"],
    [
      "URLs and bytes",
      "const u = new URL('http://a/b'); return c.text(new TextDecoder().decode(new TextEncoder().encode(u.href)))",
    ],
    ["the console", "console.log('hi'); return c.text('x')"],
    ["dates in UTC", "return c.text(new Date().toISOString())"],
    [
      "local mutable variables",
      "let n = 0; const list: number[] = []; for (const x of [1, 2]) { n += x; list.push(n) }; return c.json(list)",
    ],
    ["a closure of its own", "let n = 0; const next = () => ++n; next(); return c.json(n)"],
  ])("%s", (_name, body) => {
    expect(analyseOne(withHandler(body))).toEqual({ needs: nothing })
  })

  test("with zod, constants and functions of its own", () => {
    const facts = analyseOne(
      withHandler(
        "const input = schema.parse({ n: 1 }); return c.json({ total: total(input.n), at: Object.keys(rates) })",
        `import { z } from "zod"
         const schema = z.object({ n: z.number() })
         const rates: Record<string, number> = { a: 1 }
         rates.b = 2
         for (const x of ["c"]) rates[x] = 3
         function total(n: number) { return n * (rates.a ?? 0) }`,
      ),
    )
    expect(facts).toEqual({ needs: nothing })
  })
})

describe("what a function does not have", () => {
  test.each([
    ["fetch", "await fetch('http://x'); return c.text('')", "uses `fetch`"],
    ["WebSocket", "new WebSocket('ws://x'); return c.text('')", "uses `WebSocket`"],
    ["EventSource", "new EventSource('x'); return c.text('')", "uses `EventSource`"],
    ["process", "return c.text(process.env.X ?? '')", "uses `process`"],
    ["Buffer", "return c.text(Buffer.from('x').toString('hex'))", "uses `Buffer`"],
    ["require", "return c.json(require('x'))", "uses `require`"],
    [
      "a timer that is awaited",
      "await new Promise((done) => setTimeout(done, 1)); return c.text('')",
      "not even one that the handler awaits",
    ],
    ["an interval", "setInterval(() => {}, 1); return c.text('')", "outlives the request"],
    ["globalThis.fetch", "await globalThis.fetch('http://x'); return c.text('')", "uses `fetch`"],
    [
      "an alias of globalThis",
      "const g = globalThis; await g.fetch('http://x'); return c.text('')",
      "uses `fetch`",
    ],
    [
      "taken out of globalThis",
      "const { fetch: f } = globalThis; await f('http://x'); return c.text('')",
      "uses `fetch`",
    ],
    [
      "crypto.subtle",
      "return c.json(await crypto.subtle.digest('SHA-1', new Uint8Array()))",
      "crypto.subtle",
    ],
    ["Intl", "return c.text(new Intl.NumberFormat('de').format(1))", "uses `Intl`"],
    ["toLocaleString", "return c.text((1).toLocaleString())", "toLocaleString"],
    ["localeCompare", "return c.json(['b', 'a'].sort((a, b) => a.localeCompare(b)))", "localeCompare"],
    ["toLocaleDateString", "return c.text(new Date().toLocaleDateString('de'))", "toLocaleDateString"],
    ["import.meta", "return c.text(import.meta.url)", "import.meta"],
    ["c.env", "return c.json(c.env)", "c.env"],
    ["executionCtx", "c.executionCtx.waitUntil(Promise.resolve()); return c.text('')", "executionCtx"],
    ["event", "return c.json(c.event)", "c.event"],
    ["render", "return c.render('x')", "c.render"],
    ["the response of middleware", "c.res.headers.set('a', 'b'); return c.text('')", "c.res"],
    ["a stream", "return c.body(new ReadableStream())", "stream"],
    ["the request as a stream", "return c.text(String(c.req.raw.body))", "as a stream"],
    ["code from a string", "return c.json(new Function('return 1')())", "from a string"],
    ["eval", "return c.json(eval('1'))", "eval"],
    ["AbortSignal.timeout", "AbortSignal.timeout(1); return c.text('')", "AbortSignal.timeout"],
    [
      "a dynamic import of Node",
      "const fs = await import('node:fs'); return c.json(fs.readdirSync('/'))",
      "node:fs",
    ],
    ["the app", "return app.request('/y')", "the app itself"],
    ["globalThis as a store", "(globalThis as any).count = 1; return c.text('')", "globalThis"],
  ])("%s", (_name, body, reason) => {
    const facts = analyseOne(withHandler(body))
    expect(facts.local?.reason).toContain(reason)
    expect(facts.local?.source).toBe("app.ts:5")
  })

  test.each([
    ["node:fs", `import { readFileSync } from "node:fs"`, "readFileSync('x')", "node:fs"],
    ["fs", `import fs from "fs"`, "fs.readFileSync('x')", "`fs`"],
    [
      "node:crypto as a whole",
      `import * as crypto2 from "node:crypto"`,
      "crypto2.randomUUID()",
      "node:crypto",
    ],
    [
      "hono/streaming",
      `import { streamText } from "hono/streaming"`,
      "streamText(c, async (s) => { await s.write('x') })",
      "stream",
    ],
    ["hono/adapter", `import { env } from "hono/adapter"`, "env(c)", "environment"],
    ["hono/proxy", `import { proxy } from "hono/proxy"`, "proxy('http://x')", "fetch"],
    ["hono/jwt", `import { sign } from "hono/jwt"`, "await sign({}, 'x')", "crypto.subtle"],
    [
      "signed cookies",
      `import { setSignedCookie } from "hono/cookie"`,
      "await setSignedCookie(c, 'a', 'b', 'secret')",
      "crypto.subtle",
    ],
    ["the connection", `import { getConnInfo } from "@hono/node-server/conninfo"`, "getConnInfo(c)", "c.env"],
    ["a package on Node", `import { request } from "undici"`, "await request('http://x')", "undici"],
    ["an environment variable at start", "const secret = process.env.SECRET", "secret", "uses `process`"],
    ["the clock at start", "const startedAt = Date.now()", "Date.now() - startedAt", "Date.now"],
    ["a random value at start", "const id = crypto.randomUUID()", "id", "crypto.randomUUID"],
    ["a date at start", "const year = new Date().getFullYear()", "year", "new Date()"],
  ])("%s", (_name, before, expression, reason) => {
    const facts = analyseOne(withHandler(`const v: any = ${expression}; return c.json(v)`, before))
    expect(facts.local?.reason).toContain(reason)
  })

  test("is found through functions and files, and the way is told", () => {
    const facts = analyseOne({
      "app.ts": withHandler("return c.json(await notify('x'))", 'import { notify } from "./lib/index.ts"'),
      "lib/index.ts": 'export * from "./notify.ts"',
      "lib/notify.ts":
        'import { send as post } from "./send.ts"\nexport const notify = (s: string) => post(s)',
      "lib/send.ts": "export async function send(s: string) {\n  return await fetch(s)\n}",
    })
    expect(facts.local).toEqual({
      reason: "uses `fetch`: a function has no network (through `notify`, `send`)",
      source: "lib/send.ts:2",
    })
  })

  test("JSX of Hono works, with components that are followed", () => {
    const facts = analyse({
      "app.tsx": `import { Hono } from "hono"
        import type { FC } from "hono/jsx"
        const Page: FC<{ name: string }> = ({ name }) => <div class="x">{name}</div>
        const Remote: FC = async () => <p>{await (await fetch("x")).text()}</p>
        const app = new Hono()
        app.get("/page", (c) => c.html(<Page name={c.req.query("n") ?? ""} />))
        app.get("/remote", (c) => c.html(<section><Remote /></section>))`,
    })
    expect(facts["get /page"]).toEqual({ needs: { ...nothing, url: true } })
    expect(facts["get /remote"]?.local?.reason).toContain("uses `fetch`")
  })

  test("only what is reached counts", () => {
    const facts = analyseOne({
      "app.ts": withHandler(
        "return c.json([lib.add(1), tools.price(2), new Cart().total(), pick('a')])",
        `import * as lib from "./lib.ts"
         import { tools, Cart, pick } from "./lib.ts"`,
      ),
      "lib.ts": `
        export const add = (n: number) => n + 1
        export const load = () => fetch("x")
        export const tools = { price: (n: number) => n, mail: () => fetch("x") }
        export class Cart { total() { return 1 } async sync() { await fetch("x") } }
        export function pick(s: string) { return s }
        export const socket = () => new WebSocket("x")`,
    })
    expect(facts).toEqual({ needs: nothing })
  })

  test.each([
    ["a method", "new Cart().sync()"],
    ["a method behind an interface", "await (new Cart() as Sync).sync()"],
    ["a method of a subclass", "await (new Special() as Base).run()"],
    ["an object of functions", "tools.mail()"],
    ["a computed member", "tools[c.req.param('id') as 'mail']()"],
    ["a getter", "new Cart().remote"],
    ["a getter in a pattern", "(() => { const { remote } = new Cart(); return remote })()"],
    ["a method in a pattern", "(() => { const { sync } = new Cart(); return sync() })()"],
    ["a method by a computed name", "(new Cart() as any as Cart)[c.req.param('id') as 'sync']()"],
    ["a constructor", "new Connected()"],
    ["an inherited constructor", "new Derived()"],
    ["a function that is passed on", "await run(load)"],
    ["a default parameter", "await withDefault()"],
    ["a dynamic import", "await (await import('./lib.ts')).load()"],
    ["a tagged template", "tag`x`"],
    ["a handler in a table", "table.a!()"],
  ])("%s is followed", (_name, expression) => {
    const facts = analyseOne({
      "app.ts": withHandler(
        `const v: any = ${expression}; return c.json(v)`,
        'import { Cart, Special, Base, Connected, Derived, tools, load, run, withDefault, tag, table, type Sync } from "./lib.ts"',
      ),
      "lib.ts": `
        export interface Sync { sync(): Promise<void> }
        export class Cart implements Sync { get remote() { return fetch("x") } async sync() { await fetch("x") } }
        export class Base { async run() { await this.step() } async step() {} }
        export class Special extends Base { override async step() { await fetch("x") } }
        export class Connected { socket = new WebSocket("x") }
        export class Derived extends Connected {}
        export const load = () => fetch("x")
        export const run = <T>(f: () => T) => f()
        export const withDefault = (f = load) => f()
        export const tag = (s: TemplateStringsArray) => fetch(s[0]!)
        export const table: Record<string, () => unknown> = {}
        table.a = () => fetch("x")
        export const tools = { price: (n: number) => n, mail: () => fetch("x") }`,
    })
    expect(facts.local?.reason).toMatch(/uses `(fetch|WebSocket)`/)
    expect(facts.local?.source).toMatch(/^lib\.ts:\d+$/)
  })
})

describe("forms of handlers", () => {
  const app = 'import { Hono, type Context } from "hono"\nconst app = new Hono()\n'

  test.each([
    ["an identifier", "const h = (c: Context) => fetch(c.req.url)\napp.get('/', h)"],
    ["a declaration", "async function h(c: Context) { return fetch(c.req.url) }\napp.get('/', h)"],
    [
      "a maker",
      "const make = (base: string) => (c: Context) => fetch(base + c.req.url)\napp.get('/', make('x'))",
    ],
    [
      "a maker of makers",
      "const make = (a: string) => (b: string) => (c: Context) => fetch(a + b + c.req.url)\napp.get('/', make('x')('y'))",
    ],
    [
      "a method",
      "class Ctl { list = (c: Context) => fetch(c.req.url) }\nconst ctl = new Ctl()\napp.get('/', ctl.list)",
    ],
    [
      "a bound method",
      "class Ctl { list(c: Context) { return fetch(c.req.url) } }\nconst ctl = new Ctl()\napp.get('/', ctl.list.bind(ctl))",
    ],
    ["an object of handlers", "const h = { list: (c: Context) => fetch(c.req.url) }\napp.get('/', h.list)"],
    [
      "a wrapper",
      "const wrap = (h: (c: Context) => Promise<Response>) => h\napp.get('/', wrap((c) => fetch(c.req.url)))",
    ],
    [
      "createHandlers",
      "import { createFactory } from 'hono/factory'\nconst hs = createFactory().createHandlers((c) => fetch(c.req.url))\napp.get('/', ...hs)",
    ],
    ["a function expression", "app.get('/', async function (c) { return fetch(c.req.url) })"],
    [
      "a function in a function",
      "function setup() { const load = (u: string) => fetch(u); app.get('/', (c) => load(c.req.url)) }\nsetup()",
    ],
  ])("%s", (_name, text) => {
    const facts = analyseOne(app + text)
    expect(facts.local?.reason).toContain("uses `fetch`")
    expect(facts.needs).toEqual({ ...nothing, url: true })
  })

  test("an imported handler", () => {
    const facts = analyseOne({
      "app.ts": `${app}import h, { other } from "./h.ts"\napp.get("/", h)`,
      "h.ts":
        'import type { Context } from "hono"\nexport default (c: Context) => c.text(c.req.query("a") ?? "")\nexport const other = () => fetch("x")',
    })
    expect(facts).toEqual({ needs: { ...nothing, url: true } })
  })

  test("the last of createHandlers counts, not the middleware before it", () => {
    const facts = analyseOne(`${app}import { createFactory } from 'hono/factory'
      const hs = createFactory().createHandlers(async (c, next) => { await fetch('x'); await next() }, (c) => c.text('y'))
      app.get('/', ...hs)`)
    expect(facts).toEqual({ needs: nothing })
  })

  test("a handler of a package stays local when that needs Node", () => {
    const facts = analyseOne(
      `${app}import { serveStatic } from '@hono/node-server/serve-static'\napp.get('/', serveStatic({ root: '.' }))`,
    )
    expect(facts.local?.reason).toContain("serve-static")
    expect(facts.needs).toEqual(everything)
  })

  test("a handler that calls next stays local", () => {
    const facts = analyseOne(`${app}app.get('/', async (c, next) => { await next() })`)
    expect(facts.local?.reason).toContain("next")
  })

  test("onError runs where the handler throws", () => {
    const facts = analyse(
      `${app}app.onError((e, c) => { console.error(c.req.path, e); return c.text('', 500) })\napp.get('/', (c) => c.text('x'))`,
    )
    expect(facts["get /"]).toEqual({ needs: { ...nothing, url: true } })
    const other = analyse(
      `${app}app.onError(async (e, c) => { await fetch('http://x'); return c.text('', 500) })\napp.get('/', (c) => c.text('x'))`,
    )
    expect(other["get /"]?.local?.reason).toContain("has an `onError` that uses `fetch`")
  })
})
