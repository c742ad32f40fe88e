/** Where something stands in the app's source. */
export interface SourcePlace {
  /** Relative to the app's root, with forward slashes. */
  file: string
  /** From 1. */
  line: number
  /** From 1. */
  column: number
}

/** What a diagnostic is about. */
export type DiagnosticCode =
  | "unmapped_type"
  | "unknown_handler"
  | "unknown_path"
  | "unknown_method"
  | "any_type"

/** Something in the app that does not become what its author would expect. */
export interface Diagnostic {
  code: DiagnosticCode
  source: SourcePlace
  /** Such as `POST /orders/:shop`. */
  route: string
  /** For a person: place, route, type, and what was done instead. */
  message: string
}
