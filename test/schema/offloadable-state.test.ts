import { describe, expect, test } from "vitest"
import { analyse, analyseOne } from "./offloadable-program.ts"

/** Facts of `GET /`, beside code that declares and other code that changes. */
function reasonOf(declared: string, handler: string, others = "") {
  return analyse(
    `import { Hono, type Context } from "hono"\n${declared}\nconst app = new Hono()\napp.get("/", ${handler})\n${others}`,
  )["get /"]?.local?.reason
}

describe("state that requests share", () => {
  test.each([
    ["a counter", "let n = 0", "(c) => c.json(++n)", "n"],
    ["a map", "const m = new Map<string, string>()", "(c) => { m.set('a', 'b'); return c.text('') }", "m"],
    ["an array", "const a: number[] = []", "(c) => { a.push(1); return c.text('') }", "a"],
    ["a property", "const o = { n: 0 }", "(c) => c.json(o.n++)", "o"],
    ["a deep property", "const o = { a: { b: [1] } }", "(c) => { o.a.b[0] = 2; return c.json(o) }", "o"],
    ["delete", "const o: Record<string, number> = {}", "(c) => { delete o.a; return c.text('') }", "o"],
    ["Object.assign", "const o = {}", "(c) => { Object.assign(o, { a: 1 }); return c.text('') }", "o"],
    ["destructuring assignment", "let n = 0", "(c) => { [n] = [1]; return c.json(n) }", "n"],
    ["sorting in place", "const a = [2, 1]", "(c) => c.json(a.sort())", "a"],
    ["a date", "const d = new Date(0)", "(c) => { d.setTime(1); return c.json(d) }", "d"],
    ["a lazy value", "let cached: number | undefined", "(c) => c.json(cached ??= 1)", "cached"],
    [
      "an element that is found",
      "const a = [{ id: 1, n: 0 }]",
      "(c) => { const x = a.find((e) => e.id === 1)!; x.n = 1; return c.json(x) }",
      "a",
    ],
    [
      "an element of a map",
      "const m = new Map([['a', { n: 0 }]])",
      "(c) => { const x = m.get('a'); if (x) x.n++; return c.json(x) }",
      "m",
    ],
    [
      "elements in a loop",
      "const a = [{ n: 0 }]",
      "(c) => { for (const x of a) x.n = 1; return c.text('') }",
      "a",
    ],
    [
      "elements in a callback",
      "const a = [{ n: 0 }]",
      "(c) => { a.forEach((x) => { x.n = 1 }); return c.text('') }",
      "a",
    ],
    [
      "elements of a copy",
      "const a = [{ n: 0 }]",
      "(c) => { const b = [...a]; b[0]!.n = 1; return c.text('') }",
      "a",
    ],
    [
      "filtered elements",
      "const a = [{ n: 0 }]",
      "(c) => { for (const x of a.filter((e) => e.n)) x.n = 1; return c.text('') }",
      "a",
    ],
    [
      "values of a map",
      "const m = new Map([['a', { n: 0 }]])",
      "(c) => { for (const x of m.values()) x.n++; return c.text('') }",
      "m",
    ],
    [
      "a destructured part",
      "const o = { list: [1] }",
      "(c) => { const { list } = o; list.push(2); return c.text('') }",
      "o",
    ],
    [
      "through a function's parameter",
      "const a: number[] = []; function add(list: number[]) { list.push(1) }",
      "(c) => { add(a); return c.text('') }",
      "a",
    ],
    [
      "through two functions",
      "const a: number[] = []; const add = (l: number[]) => l.push(1); function both({ list }: { list: number[] }) { add(list) }",
      "(c) => { both({ list: a }); return c.text('') }",
      "a",
    ],
    [
      "through a function's result",
      "const m = new Map([['a', { n: 0 }]]); const find = (k: string) => m.get(k)!",
      "(c) => { find('a').n = 1; return c.text('') }",
      "m",
    ],
    [
      "through a callback's parameter",
      "const m = new Map([['a', { n: 0 }]]); function withA(f: (x: { n: number }) => void) { f(m.get('a')!) }",
      "(c) => { withA((x) => { x.n = 1 }); return c.text('') }",
      "m",
    ],
    ["an alias", "const a: number[] = []; const b = a", "(c) => { b.push(1); return c.json(a) }", "b"],
    [
      "an assigned alias",
      "const a: number[] = []",
      "(c) => { let b: number[]; b = a; b.push(1); return c.json(a) }",
      "a",
    ],
    [
      "a static field",
      "class Ids { static next = 0; static take() { return Ids.next++ } }",
      "(c) => c.json(Ids.take())",
      "Ids",
    ],
    [
      "a static field by this",
      "class Ids { static next = 0; static take() { return this.next++ } }",
      "(c) => c.json(Ids.take())",
      "Ids",
    ],
    [
      "an instance",
      "class Repo { items = new Map<string, string>(); add(k: string) { this.items.set(k, k) } }\nconst repo = new Repo()",
      "(c) => { repo.add('a'); return c.text('') }",
      "repo",
    ],
    [
      "an instance with private fields",
      "class Repo { #n = 0; take = () => this.#n++ }\nconst repo = new Repo()",
      "(c) => c.json(repo.take())",
      "repo",
    ],
    [
      "an instance in an instance",
      "class Repo { items: string[] = []; add(k: string) { this.items.push(k) } }\nclass Service { constructor(private repo: Repo) {} create() { this.repo.add('x') } }\nconst service = new Service(new Repo())",
      "(c) => { service.create(); return c.text('') }",
      "service",
    ],
    [
      "an instance behind an interface",
      "interface Store { add(k: string): void }\nclass Repo implements Store { items: string[] = []; add(k: string) { this.items.push(k) } }\nclass Service { constructor(private repo: Store) {} create() { this.repo.add('x') } }\nconst service = new Service(new Repo())",
      "(c) => { service.create(); return c.text('') }",
      "service",
    ],
    [
      "an object with methods",
      "const store = { items: [] as string[], add(k: string) { this.items.push(k) } }",
      "(c) => { store.add('a'); return c.text('') }",
      "store",
    ],
    [
      "a closure",
      "function counter() { let n = 0; return () => ++n }\nconst next = counter()",
      "(c) => c.json(next())",
      "n",
    ],
    [
      "a closure of a maker of handlers",
      "const make = () => { let hits = 0; return (c: Context) => c.json(++hits) }",
      "make()",
      "hits",
    ],
    [
      "a closure of a constructor",
      "class Ids { take: () => number; constructor() { let n = 0; this.take = () => ++n } }\nconst ids = new Ids()",
      "(c) => c.json(ids.take())",
      "n",
    ],
    [
      "a closure of an inner function",
      "function boot() { const make = () => { let n = 0; return { take: () => ++n } }; return make() }\nconst ids = boot()",
      "(c) => c.json(ids.take())",
      "n",
    ],
    [
      "a closure of a callback",
      "const once = <T>(f: () => T) => f()\nconst take = once(() => { let n = 0; return () => ++n })",
      "(c) => c.json(take())",
      "n",
    ],
    [
      "elements given to a function by name",
      "const a = [{ n: 0 }]; function touch(x: { n: number }) { x.n = 1 }",
      "(c) => { a.forEach(touch); return c.text('') }",
      "a",
    ],
    [
      "elements given to a callback by name",
      "const m = new Map([['a', { n: 0 }]]); function withA(f: (x: { n: number }) => void) { f(m.get('a')!) }\nfunction touch(x: { n: number }) { x.n = 1 }",
      "(c) => { withA(touch); return c.text('') }",
      "m",
    ],
    [
      "elements given through a function",
      "const m = new Map([['a', { n: 0 }]]); function apply(x: { n: number }, f: (x: { n: number }) => void) { f(x) }",
      "(c) => { apply(m.get('a')!, (x) => { x.n = 1 }); return c.text('') }",
      "m",
    ],
    [
      "a promise's value",
      "const a = [{ n: 0 }]; const load = async () => a[0]!",
      "async (c) => { await load().then((x) => { x.n = 1 }); return c.text('') }",
      "a",
    ],
    [
      "an awaited value",
      "const a = [{ n: 0 }]; const load = async () => a[0]!",
      "async (c) => { const x = await load(); x.n = 1; return c.text('') }",
      "a",
    ],
    [
      "rest parameters",
      "const a = { n: 0 }; function touch(...all: { n: number }[]) { for (const x of all) x.n = 1 }",
      "(c) => { touch({ n: 1 }, a); return c.text('') }",
      "a",
    ],
    [
      "spread arguments",
      "const a: number[] = []; function push(n: number, l: number[]) { l.push(n) }",
      "(c) => { const args: [number, number[]] = [1, a]; push(...args); return c.text('') }",
      "a",
    ],
    [
      "call",
      "const a: number[] = []; function push(l: number[]) { l.push(1) }",
      "(c) => { push.call(null, a); return c.text('') }",
      "a",
    ],
    [
      "apply",
      "const a: number[] = []; function push(l: number[]) { l.push(1) }",
      "(c) => { push.apply(null, [a]); return c.text('') }",
      "a",
    ],
    [
      "a method of the language by call",
      "const a: number[] = []",
      "(c) => { Array.prototype.push.call(a, 1); return c.text('') }",
      "a",
    ],
    [
      "a getter that counts",
      "class Ids { #n = 0; get next() { return ++this.#n } }\nconst ids = new Ids()",
      "(c) => c.json(ids.next)",
      "ids",
    ],
    [
      "a setter",
      "class Box { #v = 0; set value(v: number) { this.#v = v } }\nconst box = new Box()",
      "(c) => { box.value = 1; return c.text('') }",
      "box",
    ],
    [
      "a property of a function",
      "function get(k: string) { get.cache.set(k, k); return k }\nget.cache = new Map<string, string>()",
      "(c) => c.json(get('a'))",
      "get",
    ],
    ["any", "const store: any = {}", "(c) => { store.list.push(1); return c.text('') }", "store"],
    [
      "an inherited method",
      "class Base { items: string[] = []; add(k: string) { this.items.push(k) } }\nclass Repo extends Base {}\nconst repo = new Repo()",
      "(c) => { repo.add('a'); return c.text('') }",
      "repo",
    ],
    [
      "super",
      "class Base { items: string[] = []; add(k: string) { this.items.push(k) } }\nclass Repo extends Base { override add(k: string) { super.add(k) } }\nconst repo = new Repo()",
      "(c) => { repo.add('a'); return c.text('') }",
      "repo",
    ],
    [
      "recursion between functions",
      "let n = 0; function a(d: number) { if (d) b(d - 1) }\nfunction b(d: number) { n++; a(d) }\nb(1)",
      "(c) => { a(3); return c.json(n) }",
      "n",
    ],
    [
      "a package's object",
      "import { z } from 'zod'\nconst schema = z.string(); const registry = z.registry()",
      "(c) => { registry.add(schema, {}); return c.text('') }",
      "registry",
    ],
    [
      "weak maps",
      "const seen = new WeakMap<object, number>(); const key = {}",
      "(c) => { seen.set(key, 1); return c.text('') }",
      "seen",
    ],
    [
      "typed arrays",
      "const bytes = new Uint8Array(8)",
      "(c) => { crypto.getRandomValues(bytes); return c.json(bytes[0]) }",
      "bytes",
    ],
    [
      "a closure of a maker of makers",
      "const make = (a: string) => (b: string) => { let hits = 0; return (c: Context) => c.json([a, b, ++hits]) }",
      "make('x')('y')",
      "hits",
    ],
    [
      "a repository made by a function",
      "function createRepo() { const items = new Map<string, string>(); return { add(k: string) { items.set(k, k) }, all: () => [...items] } }\nconst repo = createRepo()",
      "(c) => { repo.add('x'); return c.text('') }",
      "items",
    ],
    [
      "a generator",
      "function* ids() { let i = 0; while (true) yield i++ }\nconst gen = ids()",
      "(c) => c.json(gen.next())",
      "gen",
    ],
    [
      "a namespace",
      "namespace S { export let n = 0; export const inc = () => ++n }",
      "(c) => c.json(S.inc())",
      "n",
    ],
  ])("%s", (_name, declared, handler, name) => {
    expect(reasonOf(declared, handler)).toMatch(
      new RegExp(`^shares \`${name}\` with other requests: it changes at app\\.ts:\\d+`),
    )
  })

  test.each([
    [
      "another route",
      "const m = new Map<string, string>()",
      "(c) => c.json([...m])",
      "app.post('/', (c) => { m.set('a', 'b'); return c.text('') })",
    ],
    ["middleware", "let n = 0", "(c) => c.json(n)", "app.use(async (c, next) => { n++; await next() })"],
    ["a timer", "let n = 0", "(c) => c.json(n)", "setInterval(() => { n++ }, 1000)"],
    [
      "what a package gives back",
      "import lodash from 'lodash-like'\nconst a = [{ n: 0 }]",
      "(c) => c.json(a)",
      "app.post('/', (c) => { const x = lodash.find(a, 0); x.n = 1; return c.json(x) })",
    ],
    ["a promise", "let n = 0", "(c) => c.json(n)", "Promise.resolve().then(() => { n++ })"],
    [
      "a method elsewhere",
      "class Repo { items: string[] = []; add(k: string) { this.items.push(k) } all() { return this.items } }\nconst repo = new Repo()",
      "(c) => c.json(repo.all())",
      "app.post('/', (c) => { repo.add('x'); return c.text('') })",
    ],
    [
      "a repository made by a function",
      "function createRepo() { const items: string[] = []; return { add(k: string) { items.push(k) }, all: () => items } }\nconst repo = createRepo()",
      "(c) => c.json(repo.all())",
      "app.post('/', (c) => { repo.add('x'); return c.text('') })",
    ],
  ])("changed by %s", (_name, declared, handler, others) => {
    expect(reasonOf(declared, handler, others)).toMatch(
      /^shares `\w+` with other requests: it changes at app\.ts:\d+/,
    )
  })

  test("in a function that makes the app", () => {
    const facts = analyse(`import { Hono } from "hono"
      export function createApp(limits: { max: number }) {
        const app = new Hono()
        const seen = new Set<string>()
        const fixed = new Set(["a"])
        app.post("/seen", (c) => { seen.add("x"); return c.text("") })
        app.get("/seen", (c) => c.json([...seen]))
        app.get("/fixed", (c) => c.json([...fixed, limits.max]))
        return app
      }
      export default createApp({ max: 3 })`)
    expect(facts["post /seen"]?.local?.reason).toContain("shares `seen`")
    expect(facts["get /seen"]?.local?.reason).toContain("shares `seen`")
    expect(facts["get /fixed"]?.local).toBeUndefined()
  })

  test("what such a function is given is followed", () => {
    const facts = analyse({
      "app.ts": `import { routes } from "./routes.ts"
        const mail = { send: (s: string) => fetch(s) }
        export default routes({ mail, prices: { of: (n: number) => n } })`,
      "routes.ts": `import { Hono } from "hono"
        interface Services { mail: { send(s: string): unknown }, prices: { of(n: number): number } }
        export function routes(services: Services) {
          return new Hono().get("/mail", (c) => { services.mail.send("x"); return c.text("") })
        }`,
    })
    expect(facts["get /mail"]?.local?.reason).toContain("uses `fetch`")
  })

  test("names the place, in another file too", () => {
    const facts = analyse({
      "app.ts": `import { Hono } from "hono"\nimport { orders, save } from "./store.ts"
        const app = new Hono()
        app.get("/", (c) => c.json(orders))
        app.post("/", (c) => { save("x"); return c.text("") })`,
      "store.ts": `export const orders: string[] = []\n\nexport function save(s: string) {\n  orders.push(s)\n}`,
    })
    expect(facts["get /"]?.local).toEqual({
      reason: "shares `orders` with other requests: it changes at store.ts:4",
      source: "app.ts:4",
    })
    expect(facts["post /"]?.local).toEqual({
      reason: "shares `orders` with other requests: it changes at store.ts:4 (through `save`)",
      source: "store.ts:4",
    })
  })
})

describe("what is no shared state", () => {
  test.each([
    [
      "a constant number that is given away",
      "const LIMIT = 5; class Counter { n = 0; constructor(readonly limit: number) {} up() { this.n += this.limit } }\nfunction count(by: number) { const counter = new Counter(by); counter.up(); return counter.n }",
      "(c) => c.json(count(LIMIT))",
    ],
    ["constants", "const rates = { a: 1 }; const list = [1, 2]", "(c) => c.json([rates, list])"],
    [
      "filled while the app starts",
      "const m = new Map<string, number>(); for (const k of ['a']) m.set(k, 1); ['b'].forEach((k) => m.set(k, 2))",
      "(c) => c.json([...m])",
    ],
    [
      "filled by a function that runs once",
      "const m = new Map<string, number>(); function seed() { m.set('a', 1) }\nseed()",
      "(c) => c.json([...m])",
    ],
    [
      "filled by a function called by one",
      "const m = new Map<string, number>(); const put = (k: string) => { m.set(k, 1) }\nfunction seed() { put('a') }\nseed()",
      "(c) => c.json([...m])",
    ],
    ["a let that is set at start", "let n = 0; n = 2; if (n) n++", "(c) => c.json(n)"],
    [
      "a sorted copy",
      "const a = [2, 1]",
      "(c) => c.json([[...a].sort(), a.slice().reverse(), a.filter(Boolean).sort(), a.map((x) => x).sort()])",
    ],
    [
      "a changed copy",
      "const o = { n: 1, list: [1] }",
      "(c) => { const x = { ...o }; x.n = 2; return c.json(x) }",
    ],
    [
      "a structured clone",
      "const o = { list: [1] }",
      "(c) => { const x = structuredClone(o); x.list.push(2); return c.json(x) }",
    ],
    [
      "mapped elements",
      "const a = [{ n: 1 }]",
      "(c) => { const b = a.map((x) => ({ ...x, m: 0 })); for (const y of b) y.m = 1; return c.json(b) }",
    ],
    [
      "a total",
      "const a = [{ n: 1 }]",
      "(c) => { let total = 0; a.forEach((x) => { total += x.n }); return c.json(total) }",
    ],
    [
      "reduce into a new object",
      "const a = ['x']",
      "(c) => c.json(a.reduce<Record<string, number>>((acc, k) => { acc[k] = 1; return acc }, {}))",
    ],
    ["primitive parts", "const o = { n: 1 }", "(c) => { let n = o.n; n++; return c.json(n) }"],
    [
      "an instance of the request",
      "class Cart { items: string[] = []; add(k: string) { this.items.push(k) } }",
      "(c) => { const cart = new Cart(); cart.add('a'); return c.json(cart.items) }",
    ],
    [
      "a closure of the request",
      "function counter() { let n = 0; return () => ++n }",
      "(c) => { const next = counter(); next(); return c.json(next()) }",
    ],
    [
      "a repository of the request",
      "function createRepo() { const items: string[] = []; return { add(k: string) { items.push(k) }, all: () => items } }",
      "(c) => { const repo = createRepo(); repo.add('x'); return c.json(repo.all()) }",
    ],
    [
      "an instance that nobody changes",
      "class Repo { items = ['a']; add(k: string) { this.items.push(k) } all() { return this.items } }\nconst repo = new Repo()",
      "(c) => c.json(repo.all())",
    ],
    ["frozen objects", "const o = Object.freeze({ a: [1] })", "(c) => c.json(o.a.concat(2))"],
    [
      "a helper that builds a list",
      "function collect(out: string[]) { out.push('x'); return out }",
      "(c) => c.json(collect([]))",
    ],
    [
      "an object passed to a function that changes its own copy",
      "const a = [2, 1]; function sorted(l: number[]) { l.sort(); return l }",
      "(c) => c.json(sorted([...a]))",
    ],
    [
      "handlers made in a loop",
      "const kinds = ['a', 'b']; const seen: string[] = []; for (const k of kinds) seen.push(k)",
      "(c) => c.json(kinds)",
    ],
    [
      "what a package makes",
      "import { z } from 'zod'\nconst schema = z.object({ tags: z.array(z.string()) })",
      "async (c) => { const x = schema.parse(await c.req.json()); x.tags.push('a'); return c.json(x) }",
    ],
    [
      "what a package makes from a description",
      "import { create } from '@bufbuild/protobuf'\nimport { TimestampSchema } from '@bufbuild/protobuf/wkt'\nconst schema = TimestampSchema",
      "(c) => { const t = create(schema); t.nanos = 1; return c.json(t.nanos) }",
    ],
    [
      "closures of a handler that is made",
      "const make = () => (c: Context) => { let n = 0; const inc = () => ++n; inc(); return c.json(n) }",
      "make()",
    ],
    ["a regular expression", "const re = /a/", "(c) => c.json(re.test('a'))"],
    [
      "a cached result at start",
      "function load() { const m = new Map<string, number>(); m.set('a', 1); return m }\nconst m = load()",
      "(c) => c.json([...m])",
    ],
    [
      "an instance that is prepared at start",
      "class Repo { items: string[] = []; add(k: string) { this.items.push(k); return this } all() { return this.items } }\nconst repo = new Repo().add('a')\nrepo.add('b')",
      "(c) => c.json(repo.all())",
    ],
    ["top-level await", "const data = await Promise.resolve([1])", "(c) => c.json(data)"],
    [
      "a builder",
      "class Query { parts: string[] = []; where(p: string) { this.parts.push(p); return this } }\nconst from = (t: string) => new Query().where(t)",
      "(c) => c.json(from('x').where('y').parts)",
    ],
    ["shadowing", "let n = 0", "(c) => { let n = 1; n++; return c.json(n) }"],
  ])("%s", (_name, declared, handler) => {
    expect(reasonOf(declared, handler)).toBeUndefined()
  })

  test("handlers that are registered from a list", () => {
    const facts = analyse(`import { Hono, type Context } from "hono"
      const app = new Hono()
      const list = (c: Context) => c.json([1])
      for (const h of [list]) app.get("/a", h)
      ;[{ h: list }].forEach(({ h }) => app.get("/b", h))
      ;[{ h: (c: Context) => fetch(c.req.url) }].forEach(({ h }) => app.get("/c", h))
      for (const kind of ["x", "y"]) app.get("/d", (c) => c.json(kind))
      let later: (c: Context) => Promise<Response>
      later = (c) => fetch(c.req.url)
      app.get("/e", (c) => later(c))`)
    expect(facts["get /a"]?.local).toBeUndefined()
    expect(facts["get /b"]?.local).toBeUndefined()
    expect(facts["get /c"]?.local?.reason).toContain("uses `fetch`")
    expect(facts["get /d"]?.local).toBeUndefined()
    expect(facts["get /e"]?.local?.reason).toContain("uses `fetch`")
  })

  test("a default export of another file", () => {
    const files = (change: string) => ({
      "app.ts": `import { Hono } from "hono"\nimport repo from "./repo.ts"
        const app = new Hono()\napp.get("/", (c) => c.json(repo.items))
        app.post("/", (c) => { ${change}; return c.text("") })`,
      "repo.ts":
        "class Repo { items: string[] = []; add(k: string) { this.items.push(k) } }\nexport default new Repo()",
    })
    expect(analyse(files("repo.add('x')"))["get /"]?.local?.reason).toMatch(
      /^shares `\w+` with other requests/,
    )
    expect(analyse(files(""))["get /"]?.local).toBeUndefined()
  })

  test("state that the handler does not reach", () => {
    expect(
      reasonOf("let n = 0; const list = [1]", "(c) => c.json(list)", "app.post('/', (c) => c.json(n++))"),
    ).toBeUndefined()
  })

  test("constants in JSON files", () => {
    const facts = analyseOne({
      "app.ts": `import { Hono } from "hono"\nimport rates from "./rates.json" with { type: "json" }
        const app = new Hono()\napp.get("/", (c) => c.json(rates.a))`,
      "rates.json": '{ "a": 1 }',
    })
    expect(facts.local).toBeUndefined()
  })
})
