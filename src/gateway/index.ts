/**
 * The Hono side: runs an app's handlers on Faasm.
 *
 * @module
 */

export type { Build } from "./build.ts"
export type { CallEvent, GatewayEvent, SwitchEvent, Way } from "./events.ts"
export { OffloadError } from "./failure.ts"
export type { GatewayHandle, GatewayStatus } from "./gateway.ts"
export { GatewayError, type GatewayErrorCode } from "./gateway-error.ts"
export type { HealthPaths } from "./health.ts"
export type { RouteStatus } from "./live-status.ts"
export { type Offloaded, type OffloadOptions, offload } from "./offload.ts"
export { FunctionError } from "./respond.ts"
