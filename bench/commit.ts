import { execFileSync } from "node:child_process"
import { realpathSync } from "node:fs"

/** The commit that a directory is a clone's root of, with `-dirty` if its files are others; undefined if it is none. */
export function commitOf(root: string): string | undefined {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
  try {
    // An installed package may lie in a clone of something else.
    if (realpathSync(git("rev-parse", "--show-toplevel")) !== realpathSync(root)) return undefined
    const dirty = git("status", "--porcelain", "--untracked-files=no") !== ""
    return git("rev-parse", "HEAD") + (dirty ? "-dirty" : "")
  } catch {
    return undefined
  }
}
