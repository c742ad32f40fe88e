import { access } from "node:fs/promises"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import type { Hono } from "hono"
import { register } from "tsx/esm/api"
import { CliError } from "./cli-error.ts"

/**
 * Loads the default export of a user's app, TypeScript or JavaScript.
 *
 * @throws {@link CliError} `app-not-loadable` when there is no such file, it throws while loading, or has no Hono app
 * as its default export.
 */
export async function loadApp(appFile: string): Promise<Hono> {
  const file = resolve(appFile)
  const app = await importDefault(appFile, file)
  if (!isHono(app)) {
    throw new CliError("app-not-loadable", `${appFile}: the default export is not a Hono app`)
  }
  return app
}

async function importDefault(appFile: string, file: string): Promise<unknown> {
  await access(file).catch((cause) => {
    throw new CliError("app-not-loadable", `${appFile}: no such file`, { cause })
  })
  const unregister = register()
  try {
    return (await import(pathToFileURL(file).href)).default
  } catch (cause) {
    throw new CliError("app-not-loadable", `${appFile}: ${(cause as Error).message}`, { cause })
  } finally {
    await unregister()
  }
}

// Not `instanceof`: the app may bring another copy of Hono than ours.
function isHono(value: unknown): value is Hono {
  const app = value as Partial<Hono> | undefined
  return typeof app?.fetch === "function" && Array.isArray(app.routes)
}
