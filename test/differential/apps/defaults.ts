/** Hono's own answers: no onError, no notFound. */
import { Hono } from "hono"
import { HTTPException } from "hono/http-exception"

const app = new Hono({ strict: false }).basePath("/v1")

app.get("/ok", (c) => c.text("ok"))
app.get("/slash/", (c) => c.text(c.req.path))
app.get("/not-found", (c) => c.notFound())
app.get("/error", () => {
  throw new Error("not for everybody's eyes")
})
app.get("/exception", () => {
  throw new HTTPException(451, { message: "not here" })
})
app.get("/exception-res", () => {
  throw new HTTPException(403, { res: new Response("no", { status: 403, headers: { "x-why": "because" } }) })
})

export default app
