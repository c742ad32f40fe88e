/**
 * Prints an error for a person: the message and those of its causes. The stack is printed only for errors that are
 * not of one of our domains (which carry a `code`), or when `DEBUG` is set: those are defects.
 */
export function reportError(error: unknown): void {
  const known = error instanceof Error && "code" in error
  if (!known || process.env.DEBUG) {
    console.error(error)
    return
  }
  console.error(`error: ${error.message}`)
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    console.error(`  caused by: ${cause.message}`)
  }
}
