import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { type Lock, readLock } from "./lock.ts"
import { relativePath } from "./relative-path.ts"
import { SchemaError } from "./schema-error.ts"

/**
 * Reads the lock that an app's schema has in `dir`, as its own: apps of one package.json have the same name unless they
 * are given others, and would overwrite each other's service and function.
 *
 * @throws {@link SchemaError} `name_taken` when it is that of another app; `bad_lock`
 */
export function readOwnLock(file: string, dir: string, appFile: string, app: string): Lock {
  const lock = readLock(file)
  const own = relativePath(dir, appFile)
  // One that is not there any more has been moved.
  if (lock.app !== undefined && lock.app !== own && existsSync(resolve(dir, lock.app))) {
    throw new SchemaError(
      "name_taken",
      `${appFile} and ${resolve(dir, lock.app)} would both be the app ${app}: give one of them another name ` +
        `with --name. Is it the same app, from another module? Then change "app" in ${file} to ${JSON.stringify(own)}`,
    )
  }
  return { ...lock, app: own }
}
