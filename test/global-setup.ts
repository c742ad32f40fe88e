import { tmpdir } from "node:os"
import { engineModule } from "../src/faaslet/engine.ts"
import { engineCacheDir } from "../src/faaslet/engine-cache.ts"

/** Compiles the engine of functions, which takes a while on a fresh machine: no test should wait for it. */
export default async function setUp(): Promise<void> {
  await engineModule("dev", engineCacheDir(tmpdir()))
}
