import { createHash } from "node:crypto"
import { readFileSync, statSync } from "node:fs"

/** What a file was when a build read it. */
export interface FileStamp {
  path: string
  size: number
  /** Milliseconds. */
  modified: number
  sha256: string
}

/** Takes the stamps of files; one that does not exist (any more) is left out. */
export function stampFiles(paths: Iterable<string>): FileStamp[] {
  const stamps: FileStamp[] = []
  for (const path of new Set(paths)) {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat?.isFile()) continue
    stamps.push({ path, size: stat.size, modified: stat.mtimeMs, sha256: hashFile(path) })
  }
  return stamps
}

/** Whether no file has changed. A file that was only touched, or checked out again, has not. */
export function areUnchanged(stamps: readonly FileStamp[]): boolean {
  return stamps.every(({ path, size, modified, sha256 }) => {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.size !== size) return false
    return stat.mtimeMs === modified || hashFile(path) === sha256
  })
}

/** SHA-256 of a file's content, in hex. */
export function hashFile(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex")
}
