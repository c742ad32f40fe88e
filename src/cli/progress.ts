/** Prints a step that is under way to standard error, so that standard output stays the command's result. */
export function printProgress(message: string): void {
  console.error(`  ${message}`)
}
