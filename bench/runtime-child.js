import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { startChild } from "./child.js"
/** Starts the embedded runtime as a process of its own, on a free port. */
export function startRuntimeChild() {
  const main = new URL(`../src/cli/main${extname(import.meta.url)}`, import.meta.url)
  return startChild(fileURLToPath(main), ["runtime", "--port", "0"])
}
