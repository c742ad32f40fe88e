import { BinaryReader, WireType } from "@bufbuild/protobuf/wire"

/**
 * Whether every reader reads the same of a request message's path parameters: each at most once, in order, as text.
 *
 * Middleware sees parameters by our reading of the message; were the function to read others of the same bytes (a field
 * that comes twice, say), it would act on something else than what middleware allowed.
 */
export function isCanonical(message: Uint8Array): boolean {
  const sections = textFields(message)
  // The section of parameters has the lowest number; there is no other where no validator is.
  if (!sections || sections.length > 1) return false
  return sections.every((section) => textFields(section) !== undefined)
}

/** Contents of a message's fields when all have lengths and ascending numbers, so that none comes twice. */
function textFields(message: Uint8Array): Uint8Array[] | undefined {
  const reader = new BinaryReader(message)
  const contents: Uint8Array[] = []
  let last = 0
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    if (number <= last || wireType !== WireType.LengthDelimited) return undefined
    last = number
    contents.push(reader.bytes())
  }
  return contents
}
