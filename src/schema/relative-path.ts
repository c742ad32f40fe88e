import { relative, sep } from "node:path"

/** The path from a directory to a file, with slashes on any system: what is written or shown is the same everywhere. */
export function relativePath(dir: string, file: string): string {
  return relative(dir, file).split(sep).join("/")
}
