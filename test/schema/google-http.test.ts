import { execFileSync } from "node:child_process"
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"
import { generateSchema, writeSchema } from "../../src/schema/index.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
let dir: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "hono-faasm-google-"))
})

afterAll(() => rmSync(dir, { recursive: true, force: true }))

const buf = (...args: string[]) =>
  execFileSync(join(root, "node_modules/.bin/buf"), args, { cwd: dir, encoding: "utf8" })

test("bindings are as google.api.http has them", () => {
  // What `buf dep update` brings; Google's own, as it comes with a package.
  for (const name of ["annotations", "http"]) {
    cpSync(
      join(root, `node_modules/protobufjs/google/api/${name}.proto`),
      join(dir, `google/api/${name}.proto`),
    )
  }
  const bindings = new Map<string, object>()
  for (const name of ["inputs", "mounts"]) {
    const appFile = join(root, `test/schema/fixtures/${name}/app.ts`)
    const schema = generateSchema({ appFile, appName: name, dir, googleHttp: true })
    expect(schema.hash).toBe(generateSchema({ appFile, appName: name, dir }).hash)
    writeSchema(schema, dir, { googleHttp: true })
    writeFileSync(join(dir, "buf.yaml"), "version: v2\n")
    expect(buf("format", "-d", schema.path)).toBe("")
    const { file } = JSON.parse(buf("build", "--path", schema.path, "-o", "-#format=json"))
    const described = file.find((one: { name: string }) => one.name === schema.path)
    for (const { name: rpc, options } of described.service[0].method) {
      bindings.set(rpc, options["[google.api.http]"])
    }
  }
  expect(bindings.get("PostOrdersByShopByDesk")).toEqual({
    post: "/orders/{param.shop}/{param.desk}",
    body: "json",
    additionalBindings: [{ post: "/orders/{param.shop}", body: "json" }],
  })
  expect(bindings.get("GetItemsById")).toEqual({ get: "/items/{param.id}" })
  expect(bindings.get("AllAnyWildcard")).toEqual({ custom: { kind: "*", path: "/any/{wildcard=**}" } })
  expect(bindings.get("PurgeCache")).toEqual({ custom: { kind: "PURGE", path: "/cache" } })
})
