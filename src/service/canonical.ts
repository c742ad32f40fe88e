import { BinaryReader, WireType } from "@bufbuild/protobuf/wire"

/**
 * Whether every reader reads the same of a request message's path parameters: each at most once, in order, as text.
 *
 * Middleware sees parameters by our reading of the message; were the function to read others of the same bytes (a field
 * that comes twice, say), it would act on something else than what middleware allowed.
 */
export function isCanonical(message: Uint8Array): boolean {
  let sections = 0
  // The section of parameters has the lowest number; there is no other where no validator is.
  return eachText(message, (section) => ++sections === 1 && eachText(section, () => true))
}

/** Whether all fields have lengths and ascending numbers, so that none comes twice, and `accepts` takes each. */
function eachText(message: Uint8Array, accepts: (content: Uint8Array) => boolean): boolean {
  const reader = new BinaryReader(message)
  let last = 0
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    if (number <= last || wireType !== WireType.LengthDelimited) return false
    last = number
    if (!accepts(reader.bytes())) return false
  }
  return true
}
