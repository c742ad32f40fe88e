import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { type Channel, type ChannelOptions, openChannel } from "../../src/channel/index.ts"
import type { TestServer } from "../support/function-servers.ts"
import { startNativeServer } from "../support/native-server.ts"
import { fromEnvironment } from "./tools.ts"

const program = fromEnvironment("HONO_FAASM_FUNCTION_SERVER")
const TOKEN = "correct-horse.battery/staple=="

// The channel, and a server that does not let everybody in.
describe.skipIf(!program)("a server that asks who is there", () => {
  let dir: string
  let server: TestServer | undefined
  let channel: Channel | undefined
  const file = (name: string) => join(dir, name)
  const pem = (name: string) => readFileSync(file(name), "utf8")
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" })

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "hono-faasm-access-"))
    const newKey = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    writeFileSync(file("san"), "subjectAltName=IP:127.0.0.1\n")
    for (const ca of ["ca", "other"])
      openssl(...newKey, "-x509", "-subj", `/CN=${ca}`, "-keyout", `${ca}.key`, "-out", `${ca}.pem`)
    for (const name of ["server", "client"]) {
      openssl(...newKey, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`)
      openssl(
        ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
        ...["-extfile", "san", "-out", `${name}.pem`],
      )
    }
    writeFileSync(file("token"), `${TOKEN}\n`)
  })

  afterEach(async () => {
    await channel?.close()
    await server?.close()
    channel = undefined
    server = undefined
  })

  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  async function start(flags: string[], options: Omit<ChannelOptions, "servers">): Promise<Channel> {
    server = await startNativeServer(program!, {}, flags)
    channel = openChannel({ servers: [server.url], ...options })
    return channel
  }

  const tlsFlags = () => ["--tls-cert", file("server.pem"), "--tls-key", file("server.key")]

  /** By the stream, and by Invoke: an input that no frame can hold. */
  async function expectEcho(open: Channel) {
    for (const size of [3, 2 * 1024 * 1024]) {
      const input = Buffer.alloc(size, "abc")
      const { output } = await open.invoke({
        user: "u",
        function: "echo",
        input,
        timeoutMs: 10_000,
        idempotent: false,
      })
      expect(Buffer.compare(output, input)).toBe(0)
    }
  }

  const failure = (open: Channel) =>
    open
      .invoke({ user: "u", function: "echo", input: Buffer.from("a"), timeoutMs: 10_000, idempotent: false })
      .then(
        () => expect.fail("it was let in"),
        (error: Error) => error.message,
      )

  test("a token lets a client in", async () => {
    await expectEcho(await start(["--token-file", file("token")], { token: TOKEN }))
  })

  test.each([undefined, "wrong"])("a client with the token %s is told why not", async (token) => {
    expect(await failure(await start(["--token-file", file("token")], { token }))).toContain(
      "the bearer token is missing or wrong",
    )
    expect(server!.invoker.calls).toEqual([])
  })

  test("TLS with a token", async () => {
    const flags = [...tlsFlags(), "--token-file", file("token")]
    const open = await start(flags, { token: TOKEN, tls: { ca: pem("ca.pem") } })
    expect(server!.url).toMatch(/^https:/)
    await expectEcho(open)
  })

  test("a server with a certificate of somebody else is not spoken to", async () => {
    expect(await failure(await start(tlsFlags(), { tls: { ca: pem("other.pem") } }))).toMatch(/certificate/)
  })

  test("a client certificate lets a client in", async () => {
    const flags = [...tlsFlags(), "--client-ca", file("ca.pem")]
    const tls = { ca: pem("ca.pem"), cert: pem("client.pem"), key: pem("client.key") }
    await expectEcho(await start(flags, { tls }))
  })

  test("a client without a certificate, or with another's, is kept out", async () => {
    const flags = [...tlsFlags(), "--client-ca", file("ca.pem")]
    const ca = pem("ca.pem")
    expect(await failure(await start(flags, { tls: { ca } }))).toContain("was not called")
    const other = { ca, cert: pem("other.pem"), key: pem("other.key") }
    const stranger = openChannel({ servers: [server!.url], tls: other })
    expect(await failure(stranger)).toContain("was not called")
    await stranger.close()
    expect(server!.invoker.calls).toEqual([])
  })
})
