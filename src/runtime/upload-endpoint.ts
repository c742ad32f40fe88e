import type { FunctionStore } from "./function-store.ts"
import { RuntimeError } from "./runtime-error.ts"
import { type TextResponse, text } from "./text-response.ts"

/** What Faasm's upload server answers when there is no such file. */
const EMPTY_FILE = "Empty response"

/**
 * Faasm's upload API: `PUT /f/<user>/<function>`, `GET /ping`. And `GET /f/<user>/<function>`, which
 * gives the uploaded bytes. State, shared files and Python functions, which Faasm's server takes too,
 * are answered as it answers a path that it does not know.
 */
export class UploadEndpoint {
  readonly #store: FunctionStore
  readonly #log: (message: string) => void

  constructor(store: FunctionStore, log: (message: string) => void) {
    this.#store = store
    this.#log = log
  }

  /** Whether a path is one of the upload server's. */
  handles(path: string): boolean {
    return path === "/ping" || /^\/(f|p|s|file)(\/|$)/.test(path)
  }

  get(path: string): TextResponse {
    if (path === "/ping") return text(200, "PONG")
    const [kind, user, name] = parts(path)
    if (kind !== "f") return text(400, `Unrecognised GET request to ${trim(path)}`)
    if (user === undefined || name === undefined) return badPath(path)
    const stored = this.#store.get(user, name)
    return stored ? text(200, stored.bytes) : text(500, EMPTY_FILE)
  }

  async put(path: string, body: Uint8Array): Promise<TextResponse> {
    const [kind, user, name] = parts(path)
    if (kind !== "f") return text(400, `Unrecognised PUT request to ${trim(path)}`)
    if (user === undefined || name === undefined) return badPath(path)
    try {
      const stored = await this.#store.put(user, name, body)
      const { reset, notResettable } = stored.prepared
      this.#log(
        `uploaded ${stored.name}, ${body.length} bytes, ${reset ? "put back after a call" : `a fresh instance for every call: ${notResettable}`}`,
      )
      return text(200, "Function upload complete\n")
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error
      this.#log(`refused an upload: ${error.message}`)
      return text(error.code === "limit" ? 413 : 400, `${error.message}\n`)
    }
  }
}

function trim(path: string): string {
  return path.replace(/^\/+|\/+$/g, "")
}

function parts(path: string): (string | undefined)[] {
  return trim(path).split(/\/+/)
}

function badPath(path: string): TextResponse {
  return text(400, `Bad URL, expected single path part ${trim(path)}`)
}
