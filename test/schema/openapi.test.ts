import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Ajv2020 } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import orders from "../../examples/orders/app.ts"
import { generateSchema, type OpenApiDocument, openApiDocument } from "../../src/schema/index.ts"
import { orderCases } from "../differential/cases/orders.ts"
import { toRequest } from "../differential/request-case.ts"

let dir: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "hono-faasm-openapi-"))
})

afterAll(() => {
  rmSync(dir, { recursive: true, force: true })
})

function documentOf(file: string): OpenApiDocument {
  const appFile = fileURLToPath(new URL(file, import.meta.url))
  return openApiDocument(generateSchema({ appFile, appName: "app", dir }))
}

test("names parameters, bodies and answers", () => {
  const document = documentOf("fixtures/inputs/app.ts")
  expect(document).toMatchSnapshot()
})

describe("the document of the shop", () => {
  let document: OpenApiDocument
  let ajv: Ajv2020

  beforeAll(async () => {
    document = documentOf("../../examples/orders/app.ts")
    expect((await new Validator().validate(structuredClone(document) as never)).valid).toBe(true)
    ajv = new Ajv2020({ strict: false })
    addFormats.default(ajv)
    ajv.addSchema({ $id: "document", ...document })
  })

  test("says what the app really takes and answers", async () => {
    const checked: string[] = []
    for (const one of orderCases) {
      const request = toRequest(one)
      const url = new URL(request.url)
      const template = Object.keys(document.paths).find((path) => matches(path, url.pathname))
      const method = request.method.toLowerCase()
      // biome-ignore lint/suspicious/noExplicitAny: as the specification has it, which the validator has checked
      const operation = template && (document.paths[template]![method] as any)
      const response = await orders.fetch(request)
      if (!operation) continue
      const declared = operation.responses[response.status]?.content?.["application/json"]
      if (!declared) continue
      const ref = `document#/paths/${pointer(template)}/${method}/responses/${response.status}/content/application~1json/schema`
      const validate = ajv.getSchema(ref)!
      expect(validate(await response.json()), `${one.request}: ${ajv.errorsText(validate.errors)}`).toBe(true)
      for (const { name, in: place, required } of operation.parameters ?? []) {
        if (place === "query" && required) expect([...url.searchParams.keys()], one.request).toContain(name)
      }
      checked.push(one.request)
    }
    expect(checked.length).toBeGreaterThan(15)
  })
})

function matches(template: string, path: string): boolean {
  return new RegExp(`^${template.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path)
}

/** Part of a JSON pointer within a URI. */
function pointer(key: string): string {
  return encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"))
}
