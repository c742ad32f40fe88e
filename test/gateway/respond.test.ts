import { type Context, Hono } from "hono"
import { describe, expect, it } from "vitest"
import { emptyReply, type Reply } from "../../src/gateway/reply.ts"
import { respond } from "../../src/gateway/respond.ts"

/** Answers a request with the reply, after middleware has had its way with the context. */
async function answer(reply: Partial<Reply>, before: (c: Context) => void = () => {}) {
  const app = new Hono()
  let after: Context | undefined
  app.notFound((c) => c.text("nothing", 404))
  app.use(async (c, next) => {
    before(c)
    await next()
    after = c
  })
  app.get("/", (c) => respond(c, { ...emptyReply(), ...reply }, (bytes) => Buffer.from(bytes)))
  const response = await app.request("/")
  return { response, text: await response.text(), headers: [...response.headers], c: after! }
}

const bytes = (text: string) => ({ raw: new Uint8Array(Buffer.from(text)) })

describe("respond", () => {
  it("writes a message as JSON", async () => {
    const { response, text, headers } = await answer({
      body: { message: Buffer.from('{"a":1}') },
      status: 201,
    })
    expect([response.status, text, headers]).toEqual([201, '{"a":1}', [["content-type", "application/json"]]])
  })

  it("leaves a content type that the handler chose", async () => {
    const { headers } = await answer({
      body: { json: "1" },
      headers: ["Content-Type", "application/x+json", 0],
    })
    expect(headers).toEqual([["content-type", "application/x+json"]])
  })

  it("merges headers with those of middleware as Hono does", async () => {
    const { headers } = await answer(
      { body: bytes("x"), headers: ["x-a", "2", 0, "x-b", "2", 1, "x-c", "", 2, "set-cookie", "b=2", 1] },
      (c) => {
        for (const name of ["x-a", "x-b", "x-c"]) c.header(name, "1")
        c.header("set-cookie", "a=1", { append: true })
      },
    )
    expect(headers).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x-a", "2"],
      ["x-b", "1, 2"],
    ])
  })

  it("keeps headers of middleware away from a plain response", async () => {
    const headers = ["x-b", "1", 0, "set-cookie", "a=1", 1, "set-cookie", "b=2", 1] as Reply["headers"]
    const answered = await answer({ plain: true, body: bytes("x"), headers }, (c) => c.header("x-a", "1"))
    expect(answered.headers).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x-b", "1"],
    ])
  })

  it("lets a status of middleware stand when the handler chose none", async () => {
    const status = async (reply: Partial<Reply>) =>
      (await answer(reply, (c) => c.status(202))).response.status
    expect(await status({ body: { json: "1" } })).toBe(202)
    expect(await status({ body: { json: "1" }, status: 200 })).toBe(200)
  })

  it("writes the content type of text as Hono does", async () => {
    const text = {
      body: bytes("ü"),
      headers: ["content-type", "text/plain; charset=UTF-8", 0] as Reply["headers"],
    }
    expect((await answer(text)).headers).toEqual([["content-type", "text/plain;charset=UTF-8"]])
    const prepared = await answer(text, (c) => c.header("x-a", "1"))
    expect(prepared.headers[0]).toEqual(["content-type", "text/plain; charset=UTF-8"])
    expect(prepared.text).toBe("ü")
  })

  it("asks the app's notFound, and sets variables and the error", async () => {
    const { response, text, c } = await answer({
      notFound: true,
      headers: ["x-looked", "1", 0],
      variables: ["a", { b: 1 }],
      thrown: { name: "Teapot", message: "short", stack: "Teapot: short\n    at x" },
    })
    expect([response.status, text, response.headers.get("x-looked")]).toEqual([404, "nothing", "1"])
    expect(c.get("a")).toEqual({ b: 1 })
    expect(c.error).toMatchObject({ name: "Teapot", message: "short" })
    expect(c.error).toBeInstanceOf(Error)
  })

  it("has no body for 204 and 304", async () => {
    for (const status of [204, 304]) {
      const { response } = await answer({ status })
      expect([response.status, response.body]).toEqual([status, null])
    }
  })
})
