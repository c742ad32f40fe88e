import { type FSWatcher, watch } from "node:fs"
import { dirname } from "node:path"
import { setTimeout } from "node:timers/promises"

/** Editors and git write a file several times, and several files at once. */
const QUIET_MS = 100

const SOURCE = /\.[cm]?[jt]sx?$|^(?:tsconfig.*|package)\.json$/

/**
 * Runs something now, and again whenever a source changes in the folders of those that it read, until SIGINT or
 * SIGTERM.
 *
 * @param entry - a file whose folder is watched from the start
 * @param run - returns the files that it read
 * @param onIdle - called each time when there is nothing left to do
 */
export async function watchSources(
  entry: string,
  run: () => Promise<readonly string[]>,
  onIdle: () => void,
): Promise<void> {
  const watchers = new Map<string, FSWatcher>()
  let ended = false
  let changed = false
  let wake = () => {}
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => {
      ended = true
      wake()
    })
  }
  const follow = (folders: ReadonlySet<string>) => {
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      watchers.delete(folder)
    }
    for (const folder of folders) {
      if (watchers.has(folder)) continue
      const watcher = watch(folder, (_event, name) => {
        if (name !== null && !SOURCE.test(name)) return
        changed = true
        wake()
      })
      // A folder that was removed; what was imported from it will be missed by the compiler.
      watcher.on("error", () => watchers.delete(folder))
      watchers.set(folder, watcher)
    }
  }
  follow(new Set([dirname(entry)]))
  while (!ended) {
    changed = false
    follow(new Set((await run()).map((file) => dirname(file))))
    if (!changed && !ended) {
      onIdle()
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    if (!ended) await setTimeout(QUIET_MS)
  }
  follow(new Set())
}
