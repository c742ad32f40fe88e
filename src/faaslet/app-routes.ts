import { engineModule, type Optimise } from "./engine.ts"
import { GuestInstance } from "./guest-instance.ts"

/** Functions that the guest's side needs while an app is loaded. */
const natives = ["utf8Encode", "utf8Decode", "log", "randomBytes", "now"]

/** A row of `app.routes`, as the guest has it. */
export interface AppRouteRow {
  method: string
  path: string
}

/**
 * Loads a bundle in the guest's engine, to see which routes the app has there.
 *
 * Throws a PackError when the app can't be loaded.
 */
export async function readAppRoutes(
  bundle: string,
  optimise: Optimise,
  cacheDir: string,
): Promise<AppRouteRow[]> {
  const engine = await engineModule(optimise, cacheDir)
  const guest = new GuestInstance(await WebAssembly.compile(engine))
  guest.defineNatives(natives)
  guest.run(guest.compile(bundle, "function.js"))
  return JSON.parse(guest.evaluate("JSON.stringify(__honoFaasm.routes())", "the app's routes can't be read"))
}
