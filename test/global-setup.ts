import { tmpdir } from "node:os"
import { engineModule } from "../src/faaslet/engine.ts"
import { engineCacheDir } from "../src/faaslet/engine-cache.ts"

/** Compiles the engines of functions, which takes a while on a fresh machine: no test should wait for them. */
export default async function setUp(): Promise<void> {
  const dir = engineCacheDir(tmpdir())
  await Promise.all([engineModule("dev", dir), engineModule("upload", dir)])
}
