import { fileURLToPath } from "node:url"
import type { Hono } from "hono"
import { beforeAll, describe, expect, it } from "vitest"
import requests from "./apps/requests.ts"
import responses from "./apps/responses.ts"
import { answerInGuest, answerNatively } from "./differential.ts"
import { type LoadedGuest, loadGuest } from "./load-guest.ts"

const appFile = (name: string) => fileURLToPath(new URL(`./apps/${name}.ts`, import.meta.url))

async function compare(app: Hono, loaded: LoadedGuest, path: string, init?: RequestInit) {
  const request = () => new Request(`http://localhost${path}`, init)
  const native = await answerNatively(app, request())
  expect(await answerInGuest(app, loaded, request())).toEqual(native)
}

describe("answers as Hono does", () => {
  let loaded: LoadedGuest
  beforeAll(async () => {
    loaded = await loadGuest(appFile("responses"))
  })
  const paths = responses.routes.map(({ path }) => path.replace(":id", "7").replace("/:a/:b?", "/x%20y/z"))
  it.each(paths)("%s", async (path) => {
    await compare(responses, loaded, path, { headers: { cookie: "a=1; old=%C3%BC" } })
  })
  it("/route without its optional parameter", () => compare(responses, loaded, "/route/x"))
})

describe("reads as Hono does", () => {
  let loaded: LoadedGuest
  beforeAll(async () => {
    loaded = await loadGuest(appFile("requests"))
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
  ])("%s %o", (path, init) => compare(requests, loaded, path, init))
})
