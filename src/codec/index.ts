/**
 * JavaScript value, protobuf bytes and JSON text: a codec per message, compiled from its descriptor.
 *
 * @module
 */
export { compileCodec, type EncodeResult, type MessageCodec, type Misfit } from "./codec.ts"
export { CodecError, type CodecErrorCode } from "./codec-error.ts"
