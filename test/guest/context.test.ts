import { fileURLToPath } from "node:url"
import type { Hono } from "hono"
import { beforeAll, describe, expect, it } from "vitest"
import { bundleApp } from "../../src/faaslet/bundle.ts"
import { packFaaslet } from "../../src/faaslet/pack.ts"
import { TestHost } from "../faaslet/host.ts"
import { options } from "../faaslet/pack-test.ts"
import requests from "./apps/requests.ts"
import responses from "./apps/responses.ts"
import { answerElsewhere, answerNatively, type Call, type Outcome } from "./differential.ts"
import { evaluate } from "./load-guest.ts"

type Run = (call: Call) => Promise<Outcome>

/** Ways to run an app's handlers, by what runs them. */
const engines: [string, (code: string, app: Hono) => Promise<Run>][] = [
  ["in V8, without what QuickJS lacks", inRealm],
  ["in a function", inFunction],
]

async function inRealm(code: string): Promise<Run> {
  const { guest, toBytes } = evaluate(code)
  return async (call) => {
    // The glue makes bytes in the guest's realm.
    const inv = { ...call, body: call.body && toBytes(call.body), input: {} }
    let reply = await guest.invoke(inv)
    let text: string | undefined
    try {
      if (reply.kind === 1) text = JSON.stringify(reply.body)
    } catch (error) {
      reply = await guest.bodyFailed(inv, error)
      if (reply.kind === 1) text = JSON.stringify(reply.body)
    }
    expect(reply.failure).toBeUndefined()
    const body = text ?? reply.body
    return {
      status: reply.status,
      headers: reply.headers,
      body: reply.kind === 0 || body === undefined ? undefined : Buffer.from(body),
      json: reply.kind === 1,
      notFound: reply.kind === 4,
    }
  }
}

async function inFunction(code: string, app: Hono): Promise<Run> {
  const packOptions = options(app.routes.map(() => ""))
  const { wasm } = await packFaaslet({ ...packOptions, bundle: code })
  const host = new TestHost(wasm)
  return async (call) => {
    const headers = call.headers.flatMap((name, i) =>
      i % 2 === 0 ? [{ name, value: call.headers[i + 1]! }] : [],
    )
    const reply = host.invoke({
      ...call,
      headers,
      params: call.params.map((value) => value ?? ""),
      absentParams: call.params.flatMap((value, i) => (value === undefined ? [i] : [])),
    })
    if (reply.failure) throw new Error(`${reply.failure.message}\n${reply.failure.stack}`)
    const { value } = reply.body
    return {
      status: reply.status,
      headers: reply.headers.flatMap(({ name, value, mode }) => [name, value, mode]),
      body: value === undefined ? undefined : Buffer.from(value),
      json: reply.body.case === "json",
      notFound: reply.notFound,
    }
  }
}

const appFile = (name: string) => fileURLToPath(new URL(`./apps/${name}.ts`, import.meta.url))

describe.each(engines)("%s", (_, load) => {
  async function compare(app: Hono, run: Run, path: string, init?: RequestInit) {
    const request = () => new Request(`http://localhost${path}`, init)
    expect(await answerElsewhere(app, request(), run)).toEqual(await answerNatively(app, request()))
  }

  describe("answers as Hono does", () => {
    let run: Run
    beforeAll(async () => {
      run = await load((await bundleApp({ appFile: appFile("responses") })).code, responses)
    })
    const paths = responses.routes.map(({ path }) => path.replace(":id", "7").replace("/:a/:b?", "/x%20y/z"))
    it.each(paths)("%s", async (path) => {
      await compare(responses, run, path, { headers: { cookie: "a=1; old=%C3%BC" } })
    })
    it("/route without its optional parameter", () => compare(responses, run, "/route/x"))
  })

  describe("reads as Hono does", () => {
    let run: Run
    beforeAll(async () => {
      run = await load((await bundleApp({ appFile: appFile("requests") })).code, requests)
    })
    const form = new FormData()
    form.append("a", "1")
    form.append("a", "zwei ü\r\nlines")
    form.append("list[]", "x")
    form.append("o.p", "deep")
    form.append(
      'qu"oted',
      new File(["file ü", new Uint8Array([0, 255])], 'na"me.bin', { type: "application/x-thing" }),
    )
    const urlencoded = { "content-type": "application/x-www-form-urlencoded" }
    const json = { "content-type": "application/json" }
    it.each<[string, RequestInit?]>([
      ["/url?a=1#x"],
      ["/url", { method: "DELETE" }],
      ["/query?a=1&b=2&a=3&c&d=%C3%BC+x&e=%ff"],
      ["/query"],
      ["/headers", { headers: { "X-Upper": "1", cookie: 'a=1; b="q"; c=%20', accept: "x, y" } }],
      ["/params/a%20b/c/d%2Fe"],
      ["/json", { method: "POST", body: '{"a":[1,{"b":null}]}', headers: json }],
      ["/json", { method: "POST", body: "{broken", headers: json }],
      ["/text", { method: "POST", body: "\ufefftext ü 😀" }],
      ["/text", { method: "POST", body: new Uint8Array([0xff, 0x41, 0xc3]) }],
      ["/text", { method: "POST" }],
      ["/twice", { method: "POST", body: '["x"]' }],
      ["/bytes", { method: "POST", body: new Uint8Array([0, 1, 254, 255]) }],
      ["/blob", { method: "POST", body: "blob", headers: { "content-type": "text/plain" } }],
      ["/parse-body", { method: "POST", body: "a=1&a=2&b=%C3%BC+x&c=&d", headers: urlencoded }],
      ["/parse-body?all=1&dot=1", { method: "POST", body: "a=1&a=2&o.p=3&o.q=4", headers: urlencoded }],
      ["/parse-body?all=1", { method: "POST", body: form }],
      ["/parse-body?dot=1", { method: "POST", body: form }],
      ["/parse-body", { method: "POST", body: "a=1", headers: { "content-type": "text/plain" } }],
      ["/form-data", { method: "POST", body: form }],
      ["/form-data", { method: "POST", body: "a=1", headers: urlencoded }],
      ["/raw", { method: "POST", body: "raw", headers: { "content-type": "a/b" } }],
      ["/stream", { method: "POST", body: "12345" }],
    ])("%s %o", (path, init) => compare(requests, run, path, init))
  })
})
