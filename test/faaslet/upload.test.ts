import { createHash } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { uploadBuild } from "../../src/faaslet/upload.ts"

const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
let dir: string
let server: Server
let uploadUrl: string
let answer: (request: IncomingMessage, body: Buffer) => { status: number; body: string } | undefined

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "hono-faasm-upload-"))
  server = createServer(async (request, response) => {
    const result = answer(request, await buffer(request))
    if (result) response.writeHead(result.status).end(result.body)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  uploadUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  rmSync(dir, { recursive: true })
  server.closeAllConnections()
  server.close()
})

function writeBuild(sha256 = createHash("sha256").update(wasm).digest("hex")) {
  const fn = { file: "f.wasm", bytes: wasm.length, sha256, routes: [] }
  const functions = [
    { ...fn, name: "shop" },
    { ...fn, name: "shop-b" },
  ]
  writeFileSync(join(dir, "manifest.json"), JSON.stringify({ format: 1, user: "u", functions }))
  writeFileSync(join(dir, "f.wasm"), wasm)
}

describe("uploadBuild", () => {
  it("puts each function where Faasm wants it", async () => {
    writeBuild()
    const seen: string[] = []
    answer = ({ method, url }, body) => {
      seen.push(`${method} ${url} ${body.equals(wasm)}`)
      return { status: 200, body: "Function upload complete\n" }
    }
    const steps: string[] = []
    await uploadBuild(dir, { uploadUrl, onProgress: (step) => steps.push(step) })
    expect(seen).toEqual(["PUT /f/u/shop true", "PUT /f/u/shop-b true"])
    expect(steps).toHaveLength(2)
  })

  it("says what the server said when it refuses", async () => {
    writeBuild()
    answer = () => ({ status: 400, body: "Bad URL" })
    await expect(uploadBuild(dir, { uploadUrl })).rejects.toMatchObject({
      code: "refused",
      message: expect.stringMatching(/answered 400: Bad URL/),
    })
  })

  it("gives up in time", async () => {
    writeBuild()
    answer = () => undefined
    await expect(uploadBuild(dir, { uploadUrl, timeoutMs: 50 })).rejects.toMatchObject({ code: "timeout" })
  })

  it("tells an unreachable server", async () => {
    writeBuild()
    await expect(uploadBuild(dir, { uploadUrl: "nonsense" })).rejects.toMatchObject({
      code: "bad_url",
      message: expect.stringContaining("nonsense"),
    })
    await expect(uploadBuild(dir, { uploadUrl: "http://127.0.0.1:1" })).rejects.toMatchObject({
      code: "unreachable",
    })
  })

  it("uploads only what a build made", async () => {
    await expect(uploadBuild(dir, { uploadUrl })).rejects.toMatchObject({ code: "no_build" })
    writeBuild("0".repeat(64))
    await expect(uploadBuild(dir, { uploadUrl })).rejects.toMatchObject({ code: "changed_file" })
  })
})
