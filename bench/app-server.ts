/**
 * Serves a Hono app, natively or offloaded, in a process of its own. Both ways have the same HTTP server.
 *
 * Arguments: the app's module; and to offload it, the build's directory and the runtime's URL.
 *
 * @module
 */

import type { RequestListener } from "node:http"
import { pathToFileURL } from "node:url"
import { getRequestListener } from "@hono/node-server"
import { listenDual } from "../src/dual-server.ts"
import { offload } from "../src/gateway/index.ts"
import { nodeListener } from "../src/service/index.ts"

const [file, build, rpc] = process.argv.slice(2)
const { default: app } = await import(pathToFileURL(file!).href)
const listener = build
  ? nodeListener(offload(app, { build, rpc: rpc!, serverTiming: true }))
  : (getRequestListener(app.fetch) as RequestListener)
const server = await listenDual({ host: "127.0.0.1", port: 0 }, listener)
console.log(`listening on http://127.0.0.1:${server.port}`)
process.on("SIGTERM", () => process.exit(0))
