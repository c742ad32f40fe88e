/**
 * The app's protobuf service, for clients that `buf generate` makes.
 *
 * @module
 */

export { type Listening, type ListenOptions, listen } from "./listen.ts"
export { nodeListener } from "./node-listener.ts"
export { ServiceError, type ServiceErrorCode } from "./service-error.ts"
