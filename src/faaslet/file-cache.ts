/**
 * Files that are made once by whichever process comes first.
 *
 * @module
 */
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"

const POLL_MS = 100

/** A lock that is older belongs to a process that died. */
const STALE_MS = 180_000

/**
 * The bytes of the file `name` in `dir`; when there is none, what `make` gives, which becomes that file. Other
 * processes that want it meanwhile wait. Without a directory nothing is kept.
 */
export async function cachedFile(
  dir: string | undefined,
  name: string,
  make: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  if (dir === undefined) return make()
  const file = join(dir, name)
  const lock = `${file}.lock`
  await mkdir(dir, { recursive: true })
  for (;;) {
    const known = await readFile(file).catch(() => undefined)
    if (known) return known
    if (await acquire(lock)) break
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  try {
    const bytes = await make()
    // Renamed into place, so that no one ever reads half of it.
    const temporary = `${file}.${process.pid}`
    await writeFile(temporary, bytes)
    await rename(temporary, file)
    return bytes
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}

async function acquire(lock: string): Promise<boolean> {
  try {
    await mkdir(lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    const made = await stat(lock).catch(() => undefined)
    if (made && Date.now() - made.mtimeMs > STALE_MS) await rm(lock, { recursive: true, force: true })
    return false
  }
}
