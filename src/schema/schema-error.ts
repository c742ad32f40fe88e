/** What can be wrong with an app before its types are read. */
export type SchemaErrorCode =
  | "no_compiler"
  | "no_file"
  | "no_tsconfig"
  | "no_default_export"
  | "not_hono"
  | "type_error"
  | "bad_lock"
  | "name_taken"

/** An app whose schema can't be generated. */
export class SchemaError extends Error {
  override readonly name = "SchemaError"
  /** Tells the cases apart. */
  readonly code: SchemaErrorCode

  constructor(code: SchemaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
