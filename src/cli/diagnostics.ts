import type { Diagnostic } from "../schema/index.ts"

/** Prints what a schema could not say as its author would expect. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], level: "warning" | "error"): void {
  for (const { code, message } of diagnostics) console.error(`${level}: ${message} [${code}]`)
}
