/**
 * Serves a Hono app, natively or offloaded, in a process of its own. Both ways have the same HTTP server.
 *
 * Arguments: the app's module; to offload it, the build's directory and the runtime's URL. With `--timing brief`, answers
 * tell what the function took; with `--timing detailed`, where all of their time went.
 *
 * @module
 */

import type { RequestListener } from "node:http"
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { getRequestListener } from "@hono/node-server"
import { listenDual } from "../src/dual-server.ts"
import { offload } from "../src/gateway/index.ts"
import { nodeListener } from "../src/service/index.ts"
import { timedListener } from "./timed-listener.ts"

const { positionals, values } = parseArgs({
  options: { timing: { type: "string" } },
  allowPositionals: true,
})
const [file, build, rpc] = positionals
const { default: app } = await import(pathToFileURL(file!).href)
const isDetailed = values.timing === "detailed"
const serverTiming = isDetailed ? "detailed" : values.timing === "brief"
const listener = build
  ? nodeListener(offload(app, { build, rpc: rpc!, serverTiming }))
  : (getRequestListener(app.fetch) as RequestListener)
const served = isDetailed ? timedListener(listener) : listener
const server = await listenDual({ host: "127.0.0.1", port: 0 }, served)
console.log(`listening on http://127.0.0.1:${server.port}`)
process.on("SIGTERM", () => process.exit(0))
