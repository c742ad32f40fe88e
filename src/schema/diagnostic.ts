/** Where something stands in the app's source. */
export interface SourcePlace {
  /** Relative to the app's root, with forward slashes. */
  file: string
  /** From 1. */
  line: number
  /** From 1. */
  column: number
}

/**
 * What a diagnostic is about.
 *
 * - `unmapped_type`: a type that protobuf has nothing for
 * - `any_type`: a type that says nothing of its values
 * - `ambiguous_union`: a member of a union that can't be told from another one
 * - `changed_type`: a field whose type is another one than that of the schema before
 * - `many_statuses`: a response that is declared for more statuses than an author would write
 * - `unknown_handler`: a handler that returns what has no type
 * - `unknown_path`, `unknown_method`: a registration whose path or method is not a constant
 */
export type DiagnosticCode =
  | "unmapped_type"
  | "any_type"
  | "ambiguous_union"
  | "changed_type"
  | "many_statuses"
  | "unknown_handler"
  | "unknown_path"
  | "unknown_method"

/** Something in the app that does not become what its author would expect. */
export interface Diagnostic {
  code: DiagnosticCode
  source: SourcePlace
  /** Such as `POST /orders/:shop`. */
  route: string
  /** Where in the request or response, such as `response 200: lines[].size`; empty for all of the route. */
  part: string
  /** The type as TypeScript writes it; empty when it is not about one. */
  type: string
  /** What is the matter, and what was done instead. */
  what: string
  /** How to get a better mapping. */
  hint: string
  /** All of it, in a line for a person. */
  message: string
}

/** As compilers write it, and editors open it. */
export function formatPlace({ file, line, column }: SourcePlace): string {
  return `${file}:${line}:${column}`
}

/** Makes a diagnostic; its message is put together from the rest. */
export function diagnostic(parts: Omit<Diagnostic, "message">): Diagnostic {
  const { source, route, part, what, hint } = parts
  return {
    ...parts,
    message: `${[formatPlace(source), route, part, what].filter(Boolean).join(": ")} (${hint})`,
  }
}
