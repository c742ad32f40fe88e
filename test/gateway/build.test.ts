import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { create, toBinary } from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import { Hono } from "hono"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { readBuild } from "../../src/gateway/build.ts"
import { offload } from "../../src/gateway/index.ts"

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hono-faasm-build-"))
})
afterEach(() => rmSync(dir, { recursive: true }))

const manifest = {
  format: 1,
  app: "shop",
  user: "ada",
  schemaHash: "00000000000000ff",
  schema: "schema.binpb",
  functions: [],
  routes: [],
}
const write = (changes: object) => {
  writeFileSync(join(dir, "manifest.json"), JSON.stringify({ ...manifest, ...changes }))
  writeFileSync(join(dir, "schema.binpb"), toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema)))
}
const failing = (code: string, text: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) })

describe("readBuild", () => {
  it("reads a build", () => {
    write({})
    expect(readBuild(dir).manifest.app).toBe("shop")
  })

  it("says what to do when there is none, or one of another version", () => {
    expect(() => readBuild(dir)).toThrow(failing("build_unreadable", "hono-faasm build"))
    write({ format: 2 })
    expect(() => readBuild(dir)).toThrow(failing("build_format", "has format 2"))
    write({ schemaHash: "0000000000000000" })
    expect(() => readBuild(dir)).toThrow(failing("build_format", "schema hash"))
    write({ schema: "none.binpb" })
    expect(() => readBuild(dir)).toThrow(failing("build_unreadable", "none.binpb"))
    write({})
    writeFileSync(join(dir, "schema.binpb"), "\xff\xff")
    expect(() => readBuild(dir)).toThrow(failing("build_unreadable", "schema.binpb"))
    write({
      routes: [{ index: 0, method: "GET", path: "/", function: "f", request: "a.B", response: "a.C" }],
    })
    expect(() => offload(new Hono(), { build: dir, rpc: "http://127.0.0.1:1" })).toThrow(
      failing("build_unreadable", "no message a.B"),
    )
  })
})

describe("offload", () => {
  it("needs a server", () => {
    write({})
    expect(() => offload(new Hono(), { build: dir })).toThrow(failing("bad_options", "`rpc`"))
    expect(() => offload(new Hono(), { build: dir, rpc: [] })).toThrow(failing("bad_options", "`rpc`"))
  })

  it("refuses an address that is none", () => {
    write({})
    for (const options of [
      { rpc: "localhost" },
      { planner: "nowhere" },
      { rpc: "http://a", rpcToken: "a b" },
    ]) {
      expect(() => offload(new Hono(), { build: dir, ...options })).toThrow(failing("bad_options", "address"))
    }
  })

  it("keeps the app's type, and adds the gateway", async () => {
    write({})
    const app = new Hono().get("/x", (c) => c.text("x"))
    const offloaded: typeof app = offload(app, { build: dir, planner: "http://127.0.0.1:1" })
    expect(await (await offloaded.request("/x")).text()).toBe("x")
    const { gateway } = offload(app, { build: dir, planner: "http://127.0.0.1:1" })
    expect(await gateway.ready()).toEqual({ ready: false, reason: "functions can't be reached" })
    await gateway.close()
  })
})
