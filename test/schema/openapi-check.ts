import { Ajv2020 } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import type { OpenApiDocument } from "../../src/schema/index.ts"

/** Finds out what an OpenAPI document says of answers. */
export class OpenApiCheck {
  readonly #ajv = new Ajv2020({ strict: false })
  /** JSON pointers of operations by their ids. */
  readonly #operations = new Map<string, string>()

  constructor(document: OpenApiDocument) {
    addFormats.default(this.#ajv)
    this.#ajv.addSchema({ $id: "document", ...document })
    for (const [path, item] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        const { operationId } = operation as { operationId: string }
        this.#operations.set(operationId, `/paths/${pointer(path)}/${method}`)
      }
    }
  }

  /** Why a value is not what a method of the service answers; undefined when it is, or there is no such operation. */
  answer(rpc: string, status: number, value: unknown): string | undefined {
    const operation = this.#operations.get(rpc)
    if (operation === undefined) return undefined
    const name = status === 0 ? "default" : `${status}`
    const ref = `document#${operation}/responses/${name}/content/${pointer("application/json")}/schema`
    const validate = this.#ajv.getSchema(ref)
    if (!validate) return `${rpc} has no answer ${name}`
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors)
  }
}

/** Part of a JSON pointer within a URI. */
function pointer(key: string): string {
  return encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"))
}
