const idempotentMethods = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])

/**
 * Whether sending a request twice has the same effect as sending it once, by its method.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 | RFC 9110, 9.2.2}
 */
export function isIdempotent(method: string): boolean {
  return idempotentMethods.has(method)
}
