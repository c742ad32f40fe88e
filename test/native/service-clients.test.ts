import { execFile } from "node:child_process"
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { generateSchema, writeSchema } from "../../src/schema/index.ts"
import { type Listening, listen } from "../../src/service/index.ts"
import { type Subject, startSubject } from "../differential/harness.ts"
import { findTool, fromEnvironment } from "./tools.ts"

const run = promisify(execFile)
const python = fromEnvironment("HONO_FAASM_GRPCIO_PYTHON")
const grpcurl = findTool("grpcurl")
const connectGo = findTool("protoc-gen-connect-go")
const appFile = fileURLToPath(new URL("../service/apps/notes.ts", import.meta.url))

const BUF_GEN = `version: v2
managed:
  enabled: true
  override:
    - file_option: go_package_prefix
      value: notesclient/gen
plugins:
  - local: protoc-gen-go
    out: gen
    opt: paths=source_relative
  - local: protoc-gen-connect-go
    out: gen
    opt: paths=source_relative
`

// The service in TypeScript, and clients of other languages.
describe.skipIf(!python && !grpcurl && !connectGo)("an app's service and clients that are not ours", () => {
  let subject: Subject
  let server: Listening
  let dir: string

  beforeAll(async () => {
    subject = await startSubject("../service/apps/notes.ts")
    server = await listen(subject.rpc, { port: 0 })
    dir = mkdtempSync(join(tmpdir(), "hono-faasm-clients-"))
    writeSchema(generateSchema({ appFile, dir }), dir)
  })

  afterAll(async () => {
    await server?.close(0)
    await subject?.close()
    if (dir) rmSync(dir, { recursive: true, force: true })
  })

  test.skipIf(!grpcurl)("grpcurl finds and calls methods by reflection", async () => {
    const { host } = new URL(server.url)
    const { stdout: list } = await run(grpcurl!, ["-plaintext", host, "list", "apps.v1.AppsService"])
    expect(list.split("\n")).toContain("apps.v1.AppsService.GetNotesById")
    const data = JSON.stringify({ param: { id: "a/b" } })
    const { stdout } = await run(grpcurl!, [
      ...["-plaintext", "-d", data, host],
      "apps.v1.AppsService/GetNotesById",
    ])
    expect(JSON.parse(stdout).ok).toMatchObject({ id: "a/b", text: "first" })
  })

  test.skipIf(!python)("Python's grpcio", async () => {
    const client = fileURLToPath(new URL("grpcio_service_client.py", import.meta.url))
    await run(python!, [client, new URL(server.url).host, dir])
  })

  test.skipIf(!connectGo)("connect-go", { timeout: 300_000 }, async () => {
    const buf = fileURLToPath(new URL("../../node_modules/.bin/buf", import.meta.url))
    const module = join(dir, "client")
    cpSync(fileURLToPath(new URL("go-client", import.meta.url)), module, { recursive: true })
    writeFileSync(join(module, "buf.gen.yaml"), BUF_GEN)
    const env = { ...process.env, PATH: `${dirname(connectGo!)}:${process.env.PATH}` }
    await run(buf, ["generate", dir], { cwd: module, env })
    await run("go", ["run", ".", server.url], { cwd: module, env })
  })
})
