// Version 00; a future version may have more after the flags.
const pattern =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]{1,128})?$/

/**
 * The request's trace context when it is well-formed, to be passed on unchanged.
 *
 * @see {@link https://www.w3.org/TR/trace-context/#traceparent-header | W3C Trace Context}
 */
export function traceparentOf(headers: Headers): string | undefined {
  const value = headers.get("traceparent")
  return value !== null && pattern.test(value) ? value : undefined
}
