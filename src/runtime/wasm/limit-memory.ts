import { ByteWriter } from "./byte-writer.ts"
import { type ModuleInfo, SECTION } from "./module-info.ts"

/** A module whose memory can't grow beyond so many pages. */
export function limitMemory(bytes: Uint8Array, info: ModuleInfo, maxPages: number): Uint8Array {
  const { min, max } = info.memories[0]!
  if (max !== undefined && max <= maxPages) return bytes
  const section = info.sections.find(({ id }) => id === SECTION.memory)!
  const limited = new ByteWriter(16).u8(1, 1).u32(min).u32(maxPages).finish()
  // A section begins where the one before it ends; the first, after the header.
  const start = info.sections[info.sections.indexOf(section) - 1]?.end ?? 8
  return new ByteWriter(bytes.length + 16)
    .raw(bytes.subarray(0, start))
    .u8(SECTION.memory)
    .sized(limited)
    .raw(bytes.subarray(section.end))
    .finish()
}
