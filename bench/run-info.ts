import { readFileSync } from "node:fs"
import { cpus, release, totalmem, type } from "node:os"
import { join } from "node:path"
import { packageRoot } from "../src/package-root.ts"
import type { BenchReport } from "./result.ts"

/** The machine that this runs on. */
export function machineInfo(): BenchReport["machine"] {
  const all = cpus()
  return {
    cpu: all[0]?.model ?? "unknown processor",
    cores: all.length,
    memoryBytes: totalmem(),
    os: `${type()} ${release()}`,
  }
}

/** Versions of Node, of this package, and of what it measures with. */
export function versionInfo(): Record<string, string> {
  const own = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"))
  const result: Record<string, string> = {
    node: process.versions.node,
    v8: process.versions.v8,
    [own.name]: own.version,
  }
  for (const name of ["hono", "@connectrpc/connect-node", "@bufbuild/protobuf", "quickjs-wasi", "undici"]) {
    result[name] = installedVersion(name)
  }
  return result
}

function installedVersion(name: string): string {
  // The package's own file, found without its exports: not every package exports its package.json.
  for (const base of [packageRoot, join(packageRoot, "..", "..")]) {
    try {
      return JSON.parse(readFileSync(join(base, "node_modules", name, "package.json"), "utf8")).version
    } catch {}
  }
  return "unknown"
}
