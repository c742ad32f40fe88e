/**
 * Handler types to a protobuf service. The only part that loads the TypeScript compiler.
 *
 * @module
 */
import "./check-compiler.ts"

export type { Diagnostic, DiagnosticCode, SourcePlace } from "./diagnostic.ts"
export {
  type AppSchema,
  type BodyCounts,
  type GenerateOptions,
  generateSchema,
  type SchemaRoute,
} from "./generate.ts"
export type { Lock } from "./lock.ts"
export { type OpenApiDocument, openApiDocument } from "./openapi.ts"
export { SchemaError, type SchemaErrorCode } from "./schema-error.ts"
export { outdatedFiles, type WriteOptions, writeSchema } from "./write-schema.ts"
