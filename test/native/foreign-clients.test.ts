import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ConformanceServer, conformanceServer, unaryPath } from "./conformance-server.ts"
import { findTool, fromEnvironment } from "./tools.ts"

const run = promisify(execFile)
const protos = fromEnvironment("HONO_FAASM_CONFORMANCE_PROTOS")
const python = fromEnvironment("HONO_FAASM_GRPCIO_PYTHON")
const grpcurl = findTool("grpcurl")
const h2spec = findTool("h2spec")
const curl = findTool("curl")
const h2load = findTool("h2load")
const buf = fileURLToPath(import.meta.resolve("../../node_modules/.bin/buf"))

const hello = JSON.stringify({ responseDefinition: { responseData: "aGVsbG8=" } })
const failure = JSON.stringify({
  responseDefinition: { error: { code: "CODE_NOT_FOUND", message: "no such thing" } },
})

// The server keeps nothing of a stream that is over, so that clients can't make
// it keep much, and ignores what comes for it. RFC 9113 allows that (5.1,
// "closed"); h2spec is of the time of RFC 7540.
const onForgottenStreams = [
  "closed: Sends a DATA frame after sending RST_STREAM frame",
  "closed: Sends a HEADERS frame after sending RST_STREAM frame",
  "closed: Sends a DATA frame",
  "closed: Sends a HEADERS frame",
  "Sends stream identifier that is numerically smaller than previous",
  // It is a POST without a content type, which is answered at once: the stream may be over when the DATA come.
  'Sends a DATA frame on the stream that is not in "open" or "half-closed (local)" state',
]

describe.skipIf(conformanceServer === null)("the C++ server and clients that are not ours", () => {
  let server: ConformanceServer
  let address: string

  beforeAll(async () => {
    server = await ConformanceServer.start()
    address = `127.0.0.1:${server.port}`
  })

  afterAll(() => server?.stop())

  describe.skipIf(protos === null)("buf curl", () => {
    const bufCurl = (protocol: string, method: string, data: string) =>
      run(buf, [
        "curl",
        ...["--protocol", protocol, "--http2-prior-knowledge", "--schema", protos!, "--data", data],
        `http://${address}/connectrpc.conformance.v1.ConformanceService/${method}`,
      ])

    for (const protocol of ["connect", "grpc"]) {
      test(`${protocol}: unary`, async () => {
        const { stdout } = await bufCurl(protocol, "Unary", hello)
        expect(JSON.parse(stdout).payload.data).toBe("aGVsbG8=")
      })

      test(`${protocol}: an error`, async () => {
        const result = await bufCurl(protocol, "Unary", failure).catch((error) => error)
        expect(result.code).toBeGreaterThan(0)
        expect(result.stderr).toContain("not_found")
        expect(result.stderr).toContain("no such thing")
      })

      test(`${protocol}: a stream both ways`, async () => {
        const data = JSON.stringify({
          fullDuplex: true,
          responseDefinition: { responseData: ["YQ==", "Yg=="] },
        })
        const { stdout } = await bufCurl(protocol, "BidiStream", `${data}\n{}`)
        expect(stdout).toContain("YQ==")
        expect(stdout).toContain("Yg==")
      })
    }
  })

  describe.skipIf(protos === null || grpcurl === null)("grpcurl", () => {
    const call = (method: string, data: string) =>
      run(grpcurl!, [
        ...["-plaintext", "-import-path", protos!, "-proto", "connectrpc/conformance/v1/service.proto"],
        ...["-d", data, address, `connectrpc.conformance.v1.ConformanceService/${method}`],
      ])

    test("unary", async () => {
      const { stdout } = await call("Unary", hello)
      expect(JSON.parse(stdout).payload.data).toBe("aGVsbG8=")
    })

    test("an error", async () => {
      const result = await call("Unary", failure).catch((error) => error)
      expect(result.stderr).toContain("Code: NotFound")
      expect(result.stderr).toContain("Message: no such thing")
    })

    test("a stream of responses", async () => {
      const data = JSON.stringify({ responseDefinition: { responseData: ["YQ==", "Yg==", "Yw=="] } })
      const { stdout } = await call("ServerStream", data)
      expect(stdout.match(/"data"/g)).toHaveLength(3)
    })
  })

  test.skipIf(protos === null || python === null)("Python's grpcio", async () => {
    const client = fileURLToPath(new URL("grpcio_client.py", import.meta.url))
    await run(python!, [client, address, protos!])
  })

  describe.skipIf(curl === null)("curl", () => {
    const post = (...args: string[]) =>
      run(curl!, ["--silent", "--http2-prior-knowledge", "--write-out", "\n%{http_code}", ...args])

    test("unary", async () => {
      const { stdout } = await post(
        ...["--header", "content-type: application/json", "--data", hello],
        `http://${address}${unaryPath}`,
      )
      const [body, status] = stdout.split("\n")
      expect(status).toBe("200")
      expect(JSON.parse(body!).payload.data).toBe("aGVsbG8=")
    })

    test("an error", async () => {
      const { stdout } = await post(
        ...["--header", "content-type: application/json", "--data", failure],
        `http://${address}${unaryPath}`,
      )
      const [body, status] = stdout.split("\n")
      expect(status).toBe("404")
      expect(JSON.parse(body!)).toMatchObject({ code: "not_found", message: "no such thing" })
    })

    test("a method without side effects by GET", async () => {
      const query = new URLSearchParams({ connect: "v1", encoding: "json", message: hello })
      const { stdout } = await post(
        `http://${address}${unaryPath.replace("Unary", "IdempotentUnary")}?${query}`,
      )
      expect(JSON.parse(stdout.split("\n")[0]!).payload.data).toBe("aGVsbG8=")
    })

    test("what is not there", async () => {
      const { stdout } = await post(
        ...["--header", "content-type: application/json", "--data", "{}"],
        `http://${address}/no.such.Service/Method`,
      )
      expect(stdout.split("\n").at(-1)).toBe("404")
    })

    test("a type that is no codec", async () => {
      const { stdout } = await post(
        ...["--header", "content-type: text/plain", "--data", "{}"],
        `http://${address}${unaryPath}`,
      )
      expect(stdout.split("\n").at(-1)).toBe("415")
    })
  })

  test.skipIf(h2load === null)("h2load", async () => {
    const { stdout } = await run(h2load!, [
      ...["--requests", "20000", "--clients", "20", "--max-concurrent-streams", "50"],
      ...["--header", "content-type: application/json"],
      ...["--data", fileURLToPath(new URL("fixtures/unary.json", import.meta.url))],
      `http://${address}${unaryPath}`,
    ])
    expect(stdout).toContain("20000 succeeded, 0 failed, 0 errored, 0 timeout")
    expect(stdout).toContain("status codes: 20000 2xx")
  })

  test.skipIf(h2spec === null)("h2spec", async () => {
    // Its GETs have to get a body, and not before what it sends to a half-closed stream, however long it takes to.
    const late = { responseDefinition: { responseData: "aGVsbG8=", responseDelayMs: 200 } }
    const query = new URLSearchParams({ connect: "v1", encoding: "json", message: JSON.stringify(late) })
    const path = `${unaryPath.replace("Unary", "IdempotentUnary")}?${query}`
    const result = await run(
      h2spec!,
      ["--host", "127.0.0.1", "--port", String(server.port), "--path", path, "--timeout", "3"],
      { maxBuffer: 10_000_000 },
    ).catch((error) => error)
    const failures: string = result.stdout.slice(result.stdout.indexOf("Failures:"))
    const failed = [...failures.matchAll(/× \d+: (.*)/g)].map((it) => it[1]!)
    expect(
      failed.filter((it) => !onForgottenStreams.includes(it)),
      failures,
    ).toEqual([])
    expect(result.stdout).toMatch(/145 tests, \d+ passed, 0 skipped/)
  })
})
