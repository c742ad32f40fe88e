/**
 * JavaScript value, protobuf bytes and JSON text: a codec per message, compiled from its descriptor.
 *
 * @module
 */
export { compileCodec, type EncodeResult, type MessageCodec } from "./codec.ts"
export { CodecError } from "./codec-error.ts"
