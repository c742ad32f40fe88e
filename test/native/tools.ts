import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"

// The path of a program that is not ours, from PATH; null when the test has to
// be skipped because it is not there.
export function findTool(name: string): string | null {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return join(folder, name)
    } catch {}
  }
  if (process.env.HONO_FAASM_REQUIRE_NATIVE === "1") throw new Error(`${name} is not on the PATH`)
  return null
}

// A file or folder that `npm run test:native` prepares.
export function fromEnvironment(name: string): string | null {
  const value = process.env[name]
  if (value) return value
  if (process.env.HONO_FAASM_REQUIRE_NATIVE === "1") throw new Error(`${name} is not set`)
  return null
}
