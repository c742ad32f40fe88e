import { readFileSync } from "node:fs"
import * as os from "node:os"
import { Hono } from "hono"
// biome-ignore lint/style/useNodejsImportProtocol: apps do import it so
import http, { createServer } from "http"

// What an app's main module may do while it is loaded.
const config = readFileSync("config.json", "utf8")
const port = Number(process.env.PORT ?? 3000)
const server = createServer(() => {}).listen(port, () => console.log("listening"))
process.on("SIGTERM", () => server.close())
setInterval(() => console.log("tick"), 1000)
export class Agent extends http.Agent {}

/** An app that uses what functions do not have. */
const app = new Hono()
app.onError((error, c) => c.json({ name: error.name, message: error.message }, 500))
app.get("/fine", (c) => c.json({ fine: true }))
app.get("/config", (c) => c.text(config))
app.get("/env", (c) => c.text(process.env.SECRET ?? "none"))
app.get("/port", (c) => c.text(`${port}`))
app.get("/os", (c) => c.text(os.hostname()))
app.get("/fetch", async (c) => c.json(await (await fetch("http://localhost/")).json()))
app.get("/intl", (c) => c.text(new Intl.NumberFormat("de").format(1)))
app.get("/subtle", async (c) => c.body(await crypto.subtle.digest("SHA-256", new Uint8Array())))
app.get("/sleep", async (c) => {
  const start = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 20))
  return c.json({ slept: performance.now() - start >= 19 })
})
app.get("/never", (c) => new Promise<Response>(() => c))
app.get("/variables", (c) => {
  const get = c.get as (name: string) => unknown
  const set = c.set as (name: string, value: unknown) => void
  set("mine", [1])
  return c.json({ a: get("a"), b: (c.var as { b: unknown }).b, names: Object.keys(c.var) } as never)
})
app.get("/unavailable", (c) => c.json((c.get as (name: string) => unknown)("db") as never))
app.get("/unavailable/var", (c) => c.json((c.var as { db: unknown }).db as never))
app.get("/throws-string", () => {
  throw "a string"
})
app.get("/no-response", (() => undefined) as never)
app.get("/wrong-response", (() => ({ a: 1 })) as never)

export default app
