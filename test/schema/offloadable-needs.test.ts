import { describe, expect, test } from "vitest"
import { analyseOne, withHandler } from "./offloadable-program.ts"

const nothing = { headers: false, body: false, url: false, variables: false }
const everything = { headers: true, body: true, url: true, variables: true }

const lib = `import { getCookie, setCookie, deleteCookie } from "hono/cookie"
import { accepts } from "hono/accepts"
import type { Context } from "hono"
import { unknown } from "./unknown.js"
function path(ctx: Context) { return ctx.req.path }
function any(ctx: any) { return ctx.req.path }
function generic<T>(x: T) { return x }
function pattern({ req }: Context) { return req.header("a") }
function rest(...all: Context[]) { return all[0]!.req.path }
class Service { constructor(private c: Context) {} agent() { return this.c.req.header("user-agent") } }
`

describe("what a handler reads of the request", () => {
  test.each([
    ["param", "c.req.param('id')", {}],
    ["method", "c.req.method", {}],
    ["header", "c.req.header('a')", { headers: true }],
    ["query", "c.req.query('a')", { url: true }],
    ["queries", "c.req.queries()", { url: true }],
    ["url", "c.req.url", { url: true }],
    ["path", "c.req.path", { url: true }],
    ["json", "await c.req.json()", { body: true }],
    ["text", "await c.req.text()", { body: true }],
    ["arrayBuffer", "await c.req.arrayBuffer()", { body: true }],
    ["parseBody", "await c.req.parseBody()", { body: true, headers: true }],
    ["formData", "await c.req.formData()", { body: true, headers: true }],
    ["blob", "await c.req.blob()", { body: true, headers: true }],
    ["raw", "c.req.raw", everything],
    ["headers of raw", "c.req.raw.headers.get('a')", { headers: true }],
    ["url of raw", "c.req.raw.url", { url: true }],
    ["a clone of raw", "await c.req.raw.clone().text()", everything],
    ["get", "c.get('user' as never)", { variables: true }],
    ["var", "(c.var as any).user", { variables: true }],
    ["all of var", "c.var", { variables: true }],
    ["literal element access", "c['req']['header']('a')", { headers: true }],
    ["computed element access", "(c as any)[c.req.param('id')]", everything],
    ["destructured", "(() => { const { req } = c; return req.header('a') })()", { headers: true }],
    [
      "destructured deeply",
      "(() => { const { req: { url }, var: v } = c; return [url, v] })()",
      { url: true, variables: true },
    ],
    ["destructured with rest", "(() => { const { req, ...others } = c; return others })()", everything],
    ["an alias", "(() => { const ctx = c; return ctx.req.url })()", { url: true }],
    ["an alias of the request", "(() => { const r = c.req; return r.query('x') })()", { url: true }],
    ["an untyped alias", "(() => { const x: any = c; return x.req.url })()", everything],
    ["getCookie", "getCookie(c, 'a')", { headers: true }],
    ["deleteCookie", "deleteCookie(c, 'a')", { headers: true }],
    ["setCookie", "setCookie(c, 'a', 'b')", {}],
    ["accepts", "accepts(c, { header: 'Accept', supports: ['a'], default: 'a' })", { headers: true }],
    ["a function of the project", "path(c)", { url: true }],
    ["one with a pattern", "pattern(c)", { headers: true }],
    ["one that takes anything", "any(c)", everything],
    ["a generic one", "generic(c)", everything],
    ["one with rest parameters", "rest(c)", everything],
    ["a class that keeps it", "new Service(c).agent()", { headers: true }],
    ["an object literal", "((o: { c: Context }) => o.c.req.url)({ c })", { url: true }],
    ["in an array", "[c].length", everything],
    ["in JSON", "JSON.stringify(c)", everything],
    ["a method taken from it", "((f: () => Promise<string>) => f())(() => c.req.text())", { body: true }],
    ["a cast", "(c as any).req.header('a')", { headers: true }],
    ["an optional chain", "(c as any)?.req?.header('a')", { headers: true }],
  ])("%s", (_name, expression, needs) => {
    const facts = analyseOne(
      withHandler(`const v: any = ${expression}; return c.json(v)`, lib.replace(/.*unknown.*\n/, "")),
    )
    expect(facts).toEqual({ needs: { ...nothing, ...needs } })
  })

  test.each([
    ["({ req, json }) => json({ a: req.query('a') })", { url: true }],
    ["({ req: { header } }) => new Response(String(header))", { headers: true }],
    ["function (c) { return arguments[0].text('') }", everything],
    ["(...all) => all[0].text('')", everything],
    ["(c: any) => c.text(c.req.header('a'))", { headers: true }],
    ["(c: any) => c.json(c)", everything],
    ["({ ...c }: any) => c.text('')", everything],
    ["(c) => c.text(c.req.header('a') ?? '')", { headers: true }],
  ])("%s", (handler, needs) => {
    const facts = analyseOne(`import { Hono } from "hono"\nconst app = new Hono()\napp.get("/", ${handler})`)
    expect(facts).toEqual({ needs: { ...nothing, ...needs } })
  })
})

describe("validated inputs", () => {
  const app = (handler: string) => `import { Hono, type Context } from "hono"
    import { validator } from "hono/validator"
    type Input = { in: { json: unknown }, out: { json: { n: number } } }
    const read = (c: Context<any, any, Input>) => c.req.valid("json").n
    const app = new Hono()
    app.post("/", validator("json", () => ({ n: 1 })), ${handler})`

  test.each([
    "(c) => c.json(c.req.valid('json'))",
    "(c) => c.json(read(c))",
    "(c: Context<any, any, Input>) => c.json(c.req.valid('json'))",
  ])("come in the message: %s", (handler) => {
    expect(analyseOne(app(handler))).toEqual({ needs: nothing })
  })

  test.each([
    "(c: Context) => c.json(c.req.valid('json' as never))",
    "(c: any) => c.json(c.req.valid('json'))",
    "(c: Context<any, any, any>) => c.json(c.req.valid('json'))",
    "(c) => c.json(c.req.valid('form' as 'json'))",
  ])("can't, when the type does not name them: %s", (handler) => {
    expect(analyseOne(app(handler)).local?.reason).toContain("which the type of its context says nothing of")
  })
})

describe("context variables", () => {
  const app = (type: string, body: string, before = "") => `import { Hono } from "hono"
    import type { Socket } from "node:net"
    ${before}
    class Db { query(s: string) { return s } }
    interface Repo { find(id: string): string }
    interface User { name: string, tags: string[], parent?: User }
    const app = new Hono<{ Variables: { v: ${type} } }>()
    app.get("/", (c) => { ${body} })`

  test.each([
    ["User", "return c.json(c.get('v').name)"],
    ["User | undefined", "return c.json(c.var.v)"],
    ["string[]", "const { v } = c.var; return c.json(v)"],
    ["Record<string, number | null>", "return c.json(c.get('v'))"],
    ["unknown", "return c.json(c.get('v') as string)"],
    ["any", "return c.json(c.get('v').name.toUpperCase())"],
    ["{ sub: string, [key: string]: unknown }", "return c.json(c.var.v)"],
  ])("of type %s travel: %s", (type, body) => {
    expect(analyseOne(app(type, body))).toEqual({ needs: { ...nothing, variables: true } })
  })

  test.each([
    ["Db", "return c.json(c.get('v').query('x'))", "an instance of `Db`"],
    ["Db | undefined", "return c.json(c.var.v?.query('x'))", "an instance of `Db`"],
    ["Repo", "return c.json(c.var.v.find('x'))", "an object with the method `find`"],
    ["() => string", "return c.json(c.get('v')())", "a function"],
    [
      "{ deep: { log(s: string): void } }",
      "c.var.v.deep.log('x'); return c.text('')",
      "an object with the method `log`",
    ],
    ["Date", "return c.json(c.get('v'))", "an instance of `Date`"],
    ["Map<string, string>", "return c.json([...c.get('v')])", "an instance of `Map`"],
    ["bigint", "return c.json(String(c.get('v')))", "a bigint"],
    ["Db", "const { v } = c.var; return c.json(v.query(''))", "an instance of `Db`"],
    ["Db", "const key = 'v' as const; return c.json(c.get(key).query(''))", "an instance of `Db`"],
    ["Db", "return c.json(c.var)", "an instance of `Db`"],
    ["any", "return c.json(c.get('v').query('x'))", "calls a method"],
    ["any", "return c.json(c.var.v())", "calls a method"],
    ["any", "const v = c.get('v'); return c.json(v.query('x'))", "calls a method"],
    ["any", "const { v } = c.var; return c.json(v.query('x'))", "calls a method"],
  ])("of type %s don't: %s", (type, body, reason) => {
    const facts = analyseOne(app(type, body))
    expect(facts.local?.reason).toContain(reason)
    expect(facts.needs.variables).toBe(true)
  })

  test("without type, what is set decides", () => {
    const setting = (value: string) =>
      `const other = new Hono<any>()\nother.use(async (c, next) => { c.set("v", ${value}); await next() })`
    expect(analyseOne(app("any", "return c.json(c.get('v'))", setting("{ a: 1 }"))).local).toBeUndefined()
    expect(
      analyseOne(app("any", "return c.json(c.get('v'))", setting("new Date()"))).local?.reason,
    ).toContain("`Date`")
  })

  test("a handler that sets one that can't leave stays local", () => {
    expect(analyseOne(app("User", "c.set('v', { name: 'a', tags: [] }); return c.text('')"))).toEqual({
      needs: nothing,
    })
    expect(analyseOne(app("Db", "c.set('v', new Db()); return c.text('')")).local?.reason).toContain(
      "sets the context variable",
    )
  })
})
