import { execFile } from "node:child_process"
import { connect } from "node:net"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import { type DescService, fromBinary } from "@bufbuild/protobuf"
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect"
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { compileCodec } from "../../src/codec/index.ts"
import { type Listening, listen } from "../../src/service/index.ts"
import { type Subject, startSubject } from "../differential/harness.ts"
import { referencedBytes } from "../support/referenced-bytes.ts"

let subject: Subject
let server: Listening
let service: DescService

beforeAll(async () => {
  subject = await startSubject("../service/apps/notes.ts")
  server = await listen(subject.rpc, { port: 0 })
  const files = [...subject.rpc.gateway.build.schema.files]
  service = files.flatMap(({ services }) => services)[0]!
})

afterAll(async () => {
  await server?.close(0)
  await subject?.close()
})

// biome-ignore lint/suspicious/noExplicitAny: the service is known at run time only
type AnyClient = any

const transports: [string, (url: string) => Transport][] = [
  ["Connect, protobuf, HTTP/1.1", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  [
    "Connect, JSON, HTTP/2",
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
  ],
  ["Connect by GET", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true })],
  ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl })],
  ["gRPC, JSON", (baseUrl) => createGrpcTransport({ baseUrl, useBinaryFormat: false })],
  ["gRPC-Web", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
]

describe.each(transports)("a client that speaks %s", (name, transport) => {
  let client: AnyClient

  beforeAll(() => {
    client = createClient(service, transport(server.url))
  })

  test("gets the handler's answer, with a parameter that has to be escaped", async () => {
    const answer = await client.getNotesById({ param: { id: "a/b" } })
    expect(answer.body).toMatchObject({ case: "ok", value: { id: "a/b", text: "first", tags: ["x"] } })
  })

  test("sends a validated body, and gets status and headers of the answer", async () => {
    const headers: Headers[] = []
    const answer = await client.postNotes(
      { json: { text: "hello", tags: [], tagsPresence: 2, due: "2026-01-02T03:04:05.000Z" } },
      { onHeader: (header: Headers) => headers.push(header) },
    )
    expect(answer.body).toMatchObject({
      case: "created",
      value: { id: "new", text: "hello", tags: [], due: "2026-01-02T03:04:05.000Z" },
    })
    expect(headers[0]!.get("location")).toBe("/notes/new")
    expect(headers[0]!.get("x-app")).toBe("notes")
  })

  test("gets the refusal of a validator", async () => {
    const error = await rejection(client.postNotes({ json: { text: "" } }))
    expect(error.code).toBe(Code.InvalidArgument)
    const [detail] = error.findDetails(service.methods.find(({ name }) => name === "PostNotes")!.output)
    const { case: kind, value } = (detail as AnyClient).body
    expect(kind).toBe("raw")
    expect(value.status).toBe(400)
    expect(JSON.parse(Buffer.from(value.data).toString())).toMatchObject({ success: false })
  })

  test("gets a declared error as detail", async () => {
    const error = await rejection(client.getNotesById({ param: { id: "none" } }))
    expect(error).toMatchObject({ code: Code.NotFound, rawMessage: "no such note" })
    const [detail] = error.findDetails(service.methods.find(({ name }) => name === "GetNotesById")!.output)
    expect((detail as AnyClient).body).toMatchObject({ case: "notFound", value: { id: "none" } })
  })

  test("gets what the app's onError makes of an exception", async () => {
    expect(await rejection(client.postNotes({ json: { text: "taken" } }))).toMatchObject({
      code: Code.Aborted,
      rawMessage: "there is one already",
    })
    const failure = await rejection(client.getFails({}))
    expect(failure.code).toBe(Code.Internal)
    expect(failure.message).not.toContain("secret")
  })

  test("sends query, cookies and form", async () => {
    const found = await client.getSearch(
      { query: { q: "a&b=c", limit: 3 } },
      { headers: { cookie: "session=s1" } },
    )
    expect(found.body.value).toMatchObject({ q: "a&b=c", limit: 3, session: "s1" })
    const byDefault = await client.getSearch({ query: { q: "x" } })
    expect(byDefault.body.value).toMatchObject({ q: "x", limit: 5 })
    const form = await client.postForm({ form: { name: "Ä&=", age: 7 } })
    expect(form.body.value).toMatchObject({ name: "Ä&=", age: 7 })
  })

  test("sends any JSON value, and gets it", async () => {
    const meta = { a: [1, null, { b: [], c: {} }], "1": null }
    const kind = { case: "nullValue", value: 0 }
    const answer = await client.postMeta({ json: { meta, value: { kind } } })
    expect(answer.body).toMatchObject({ case: "ok", value: { meta, value: { kind } } })
    // Without a kind it is null, too, but JSON has no text for that.
    if (!name.includes("JSON")) {
      expect((await client.postMeta({ json: { value: {} } })).body.value).toMatchObject({
        meta: {},
        value: { kind },
      })
    }
  })

  test("sends files as a form has them", async () => {
    const files = [
      { name: "a.png", contentType: "image/png", data: Uint8Array.of(0, 255, 13, 10) },
      { name: 'ü "2".txt', contentType: "text/plain", data: Buffer.from("x\ny") },
      { name: "c", contentType: "", data: new Uint8Array() },
    ] as const
    const [cover, ...scans] = files
    const sent = await client.postUpload({ form: { title: "Ä", cover, scans } })
    const form = new FormData()
    form.append("title", "Ä")
    for (const [i, { name, contentType, data }] of files.entries()) {
      form.append(i === 0 ? "cover" : "scans", new File([data], name, { type: contentType }))
    }
    const response = await fetch(`${server.url}/upload`, { method: "POST", body: form })
    const answer = (await response.json()) as { files: { name: string; bytes: number[] }[] }
    expect(sent.body.value).toMatchObject(answer)
    expect(answer.files.map(({ name }) => name)).toEqual(files.map(({ name }) => name))
    expect(answer.files[0]!.bytes).toEqual([...files[0].data])
    // Without a file it is sent to the function.
    expect((await client.postUpload({ form: { title: "a" } })).body.value).toMatchObject({
      title: "a",
      files: [],
    })
    const refused = await rejection(client.postUpload({ form: { title: "a", scans: [cover] } }))
    expect(refused.code).toBe(Code.InvalidArgument)
  })

  test("sends a file that has no name, and whatever content type the message gives the request", async () => {
    const cover = { data: Uint8Array.of(1) }
    const sent = await client.postUpload({
      form: { title: "a", cover },
      header: { contentType: "text/plain" },
    })
    expect(sent.body.value).toMatchObject({ files: [{ name: "blob", bytes: [1] }] })
  })

  test("refuses a form of a thousand files before anything is made of them", async () => {
    const scans = Array.from({ length: 1001 }, () => ({}))
    const refused = await rejection(client.postUpload({ form: { title: "a", scans } }))
    expect(refused).toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: "the form has 1001 files; 1000 are allowed",
    })
  })

  test("passes middleware", async () => {
    expect((await rejection(client.getPrivateMe({}))).code).toBe(Code.Unauthenticated)
    const me = await client.getPrivateMe({}, { headers: { authorization: "me" } })
    expect(me.body).toMatchObject({ case: "ok", value: { user: "me" } })
  })

  test("sends and gets bodies that have no type", async () => {
    const data = Uint8Array.of(0, 255, 1)
    const echo = await client.postEcho({ raw: { contentType: "image/png", data } })
    expect(echo.body).toMatchObject({ case: "raw", value: { status: 200, contentType: "image/x-test" } })
    expect([...echo.body.value.data]).toEqual([...data])
    const file = await client.getFilesByPath({ param: { path: "x/y z.txt" } })
    expect(Buffer.from(file.body.value.data).toString()).toBe("file x/y z.txt")
    const leaf = await client.getTreeWildcard({ wildcard: "a/b c" })
    expect(Buffer.from(leaf.body.value.data).toString()).toBe("/tree/a/b c")
    const root = await client.getTreeWildcard({})
    expect(Buffer.from(root.body.value.data).toString()).toBe("/tree")
    const none = await client.deleteNotesById({ param: { id: "1" } })
    expect(none.body).toMatchObject({ case: "raw", value: { status: 204 } })
    const old = await client.getOld({})
    expect(old.body).toMatchObject({ case: "raw", value: { status: 302 } })
  })

  test("gets what does not fit its type as it is", async () => {
    const { body } = await client.getMisfit({})
    expect(body.case).toBe("raw")
    expect(Buffer.from(body.value.data).toString()).toBe('{"n":"not a number"}')
  })

  test("gets answers of routes that run in the gateway", async () => {
    expect((await client.getLocal({})).body.value).toMatchObject({ named: true })
  })

  test("can't leave the route by a parameter", async () => {
    const dots = await rejection(client.getNotesById({ param: { id: ".." } }))
    expect(dots).toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: 'the parameter "id" can\'t be ".."',
    })
    const path = await rejection(client.getFilesByPath({ param: { path: "../private/me" } }))
    expect(path.code).toBe(Code.InvalidArgument)
    const wildcard = await rejection(client.getTreeWildcard({ wildcard: "../private/me" }))
    expect(wildcard.code).toBe(Code.InvalidArgument)
    expect((await rejection(client.getNotesById({}))).code).toBe(Code.InvalidArgument)
  })

  test("is told when its time is up", async () => {
    const error = await rejection(client.getSlow({}, { timeoutMs: 100 }))
    expect(error.code).toBe(Code.DeadlineExceeded)
  })
})

test("the routes are served beside the service", async () => {
  const answer = await fetch(`${server.url}/notes/a%2Fb`)
  expect(await answer.json()).toEqual({ id: "a/b", text: "first", tags: ["x"], due: null })
})

test("an RPC of a binary client is not converted on its way", async () => {
  const { input, output } = service.methods.find(({ name }) => name === "GetNotesById")!
  const encode = vi.spyOn(compileCodec(input), "encode")
  const toJson = vi.spyOn(compileCodec(output), "toJsonBytes")
  const plain = createClient(service, createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }))
  // What earlier tests gave up has its event, too.
  await expect.poll(() => subject.rpc.gateway.status().inFlight).toBe(0)
  subject.takeEvents()
  await (plain as AnyClient).getNotesById({ param: { id: "a/b" } })
  expect(subject.takeEvents()).toMatchObject([{ type: "call", way: "rpc", misfits: [], status: 200 }])
  expect(encode).not.toHaveBeenCalled()
  expect(toJson).not.toHaveBeenCalled()
  // They would be called for a request over HTTP.
  await fetch(`${server.url}/notes/a%2Fb`)
  expect(encode).toHaveBeenCalledOnce()
  expect(toJson).toHaveBeenCalledOnce()
})

test("a message that can't be read is refused, and the server stays up", async () => {
  for (const [body, status] of [
    // The library for RPCs has its own opinion of these.
    [Uint8Array.of(0x0a, 0xff, 0xff), 500],
    [Uint8Array.of(7), 500],
    [Uint8Array.of(0x0a, 2, 0x0a, 9), 400],
    // No UTF-8.
    [Uint8Array.of(0x0a, 5, 0x0a, 3, 0xf0, 0x9f, 0x41), 400],
  ] as const) {
    const url = `${server.url}/${service.typeName}/GetNotesById`
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/proto" },
      body,
    })
    expect(response.status).toBe(status)
  }
  expect((await fetch(`${server.url}/notes/x`)).status).toBe(404)
})

test("middleware and handler see the same parameter, however the message says it", async () => {
  const one = [0x0a, 3, ...Buffer.from("one")]
  const two = [0x0a, 3, ...Buffer.from("two")]
  const section = (...fields: number[]) => [0x0a, fields.length, ...fields]
  // Of a section that comes twice, the last counts.
  for (const [message, status] of [
    [[...section(...one), ...section(...two)], 404],
    [section(...one, ...two), 404],
    [[...section(...one), ...section()], 400],
    [[...section(...one), ...section(0x10, 1)], 400],
    [[...section(), ...section(...two), 0x32, 0], 404],
    [[0x0a, 0x85, 0x80, 0x80, 0x00, ...one], 404],
    [[...section(...one), 0x7a, 1, 0x61, 0x78, 1], 404],
  ] as const) {
    const response = await fetch(`${server.url}/${service.typeName}/GetNotesById`, {
      method: "POST",
      headers: { "content-type": "application/proto" },
      body: Uint8Array.from(message),
    })
    expect(response.status).toBe(status)
    if (status === 400) continue
    const path = response.headers.get("x-path")
    const { details } = (await response.json()) as { details: { value: string }[] }
    const { output } = service.methods.find(({ name }) => name === "GetNotesById")!
    const answer = fromBinary(output, Buffer.from(details[0]!.value, "base64")) as AnyClient
    expect(path).toBe(`/notes/${answer.body.value.id}`)
  }
})

test("a message of millions of fields is not as many objects", async () => {
  const { fetch: fetchApp } = subject.rpc
  let used = 0
  const spy = vi.spyOn(subject.rpc, "fetch").mockImplementation((...request) => {
    used = process.memoryUsage().heapUsed
    return fetchApp(...request)
  })
  const before = referencedBytes()
  const param = Buffer.from([0x0a, 5, 0x0a, 3, ...Buffer.from("one")])
  const response = await fetch(`${server.url}/${service.typeName}/GetNotesById`, {
    method: "POST",
    headers: { "content-type": "application/proto", "content-encoding": "gzip" },
    body: gzipSync(Buffer.concat([param, Buffer.alloc(8e6, "\x7a\0")])),
  })
  spy.mockRestore()
  expect(response.status).toBe(404)
  // An object for each would be 800 MB.
  expect(used).toBeGreaterThan(0)
  expect(used - before).toBeLessThan(300e6)
})

test("a request that names no host is refused, and the server stays up", async () => {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1")
  socket.write(`POST /${service.typeName}/GetOld HTTP/1.0\r\ncontent-type: application/proto\r\n\r\n`)
  let text = ""
  for await (const chunk of socket) text += chunk
  expect(text).toMatch(/^HTTP\/1\.1 400 /)
  expect((await fetch(`${server.url}/notes/x`)).status).toBe(404)
})

describe("buf curl", () => {
  const run = promisify(execFile)
  const buf = fileURLToPath(new URL("../../node_modules/.bin/buf", import.meta.url))
  const curl = (...args: string[]) => run(buf, ["curl", "--http2-prior-knowledge", ...args])

  test("finds the methods by reflection", async () => {
    const { stdout } = await curl("--list-methods", server.url)
    const methods = service.methods.map(({ name }) => `${service.typeName}/${name}`)
    expect(stdout.split("\n")).toEqual(expect.arrayContaining(methods))
  })

  test.each(["connect", "grpc", "grpcweb"])("calls one by %s", async (protocol) => {
    const { stdout } = await curl(
      ...["--protocol", protocol, "--data", '{"param":{"id":"a/b"}}'],
      `${server.url}/${service.typeName}/GetNotesById`,
    )
    expect(JSON.parse(stdout)).toEqual({ ok: { id: "a/b", text: "first", tags: ["x"] } })
  })
})

async function rejection(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (cause) => cause,
  )
  expect(error).toBeInstanceOf(ConnectError)
  return error
}
