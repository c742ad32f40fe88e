import type { Diagnostic } from "../schema/index.ts"

/** Prints what a schema could not say as its author would expect. */
export function printDiagnostics(diagnostics: readonly Diagnostic[]): void {
  for (const { code, message } of diagnostics) console.error(`warning: ${message} [${code}]`)
}
