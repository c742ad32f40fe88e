import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/**
 * Absolute path of this package: where `package.json`, `guest/` and `proto/` lie, both in a checkout and when
 * installed.
 */
export const packageRoot = findPackageRoot(dirname(fileURLToPath(import.meta.url)))

function findPackageRoot(start: string): string {
  for (let dir = start; ; dir = dirname(dir)) {
    if (existsSync(join(dir, "package.json"))) return dir
    if (dir === dirname(dir)) throw new Error(`no package.json above ${start}`)
  }
}
