import { existsSync } from "node:fs"
import { join } from "node:path"
import { packageRoot } from "../src/package-root.ts"
import { BenchError } from "./bench-error.ts"

/**
 * Loads a part of the benchmarks that may need a package which only a clone of the project has: who measures nothing
 * has no use for it.
 *
 * @throws {@link BenchError} `missing-package` when it is not installed
 */
export async function load<T>(part: () => Promise<T>): Promise<T> {
  try {
    return await part()
  } catch (cause) {
    const missing = /^Cannot find package '([^']+)'/.exec((cause as Error).message)?.[1]
    if (!missing) throw cause
    const message = `this needs the package ${missing}: npm install --save-dev ${missing}`
    throw new BenchError("missing-package", message, { cause })
  }
}

/**
 * As {@link load}, for what measures `examples/benchmarks`.
 *
 * @throws {@link BenchError} `not-in-package` outside a clone of the project
 */
export function loadInClone<T>(part: () => Promise<T>): Promise<T> {
  if (existsSync(join(packageRoot, "examples/benchmarks"))) return load(part)
  const message =
    "this measures the app examples/benchmarks, which is in a clone of hono-faasm, not in the package"
  throw new BenchError("not-in-package", message)
}
