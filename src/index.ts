/**
 * Runs the route handlers of a Hono app as WebAssembly functions on Faasm.
 *
 * @module
 */
export { InvokeError } from "./channel/index.ts"
export * from "./gateway/index.ts"
export type { Manifest, ManifestFunction, ManifestRoute, RouteNeeds } from "./manifest.ts"
export * from "./service/index.ts"
