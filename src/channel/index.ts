/**
 * Calls functions over one persistent Connect stream per server.
 *
 * @module
 */
export { type Channel, type ChannelOptions, openChannel } from "./channel.ts"
export { type FunctionCall, type FunctionClient, InvokeError, type InvokeResult } from "./function-client.ts"
export type { ServerStatus } from "./server-link.ts"
