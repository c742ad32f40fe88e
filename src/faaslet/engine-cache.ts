import { accessSync, constants, mkdirSync } from "node:fs"
import { join, sep } from "node:path"
import { packageRoot } from "../package-root.ts"

/**
 * Directory for what does not depend on an app, as `node_modules/.cache/hono-faasm`, so that it outlives build
 * directories.
 *
 * @param fallback - to use when that can't be written to
 */
export function engineCacheDir(fallback: string): string {
  const modules = `${sep}node_modules${sep}`
  const at = packageRoot.lastIndexOf(modules)
  const base = at === -1 ? join(packageRoot, "node_modules") : packageRoot.slice(0, at + modules.length)
  const dir = join(base, ".cache", "hono-faasm")
  try {
    mkdirSync(dir, { recursive: true })
    accessSync(dir, constants.W_OK)
    return dir
  } catch {
    return fallback
  }
}
