/**
 * Calls functions over one persistent Connect stream per server.
 *
 * @module
 */
export { type Channel, type ChannelOptions, openChannel } from "./channel.ts"
export { InvokeError } from "./function-client.ts"
export type { ServerTls } from "./server-address.ts"
