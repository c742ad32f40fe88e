import { packFaaslet } from "../../src/faaslet/pack.ts"
import { SCHEMA_HASH_TEXT, TestHost } from "./host.ts"
import { fileSet, type TestSchema } from "./schema.ts"

/** Where the tests keep the engine between runs. */
const CACHE_DIR = "node_modules/.cache/hono-faasm"

const EMPTY: TestSchema = { messages: { Empty: { fields: {} }, None: { response: true, fields: {} } } }

/** Options for a bundle whose `handlers[route](inv)` answer, over messages of `schema`. */
export function options(
  handlers: string[],
  schema: TestSchema = EMPTY,
  request = "Empty",
  response = "None",
) {
  return {
    bundle: `const handlers = [${handlers.join(",\n")}]
globalThis.__honoFaasm = {
  routes() { return handlers.map((_, at) => ({ method: "GET", path: "/" + at })) },
  unavailable(name, type) { return { unavailable: name + ":" + type } },
  invoke(inv) { return handlers[inv.route](inv) },
}`,
    schema: {
      fileSet: fileSet(schema),
      hash: SCHEMA_HASH_TEXT,
      routes: handlers.map((_, index) => ({
        index,
        request: `t.v1.${request}`,
        response: `t.v1.${response}`,
      })),
    },
    optimise: "dev" as const,
    name: "test",
    cacheDir: CACHE_DIR,
  }
}

export async function host(...args: Parameters<typeof options>): Promise<TestHost> {
  return new TestHost((await packFaaslet(options(...args))).wasm)
}

/** A handler that answers the value of an expression over `inv` as JSON text in a text body. */
export function show(expression: string): string {
  return `(inv) => ({ status: 200, headers: [], kind: 3, body: JSON.stringify(${expression}) })`
}
