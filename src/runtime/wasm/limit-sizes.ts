import { ByteWriter } from "./byte-writer.ts"
import { type Limits, type ModuleInfo, SECTION } from "./module-info.ts"

/** Most elements of all tables of a function together: each takes tens of bytes of the host's memory. */
export const MAX_TABLE_ELEMENTS = 1_000_000

/**
 * A module whose memory can't grow beyond so many pages, nor its tables beyond {@link MAX_TABLE_ELEMENTS}. What they
 * have from the start is within these.
 */
export function limitSizes(bytes: Uint8Array, info: ModuleInfo, maxPages: number): Uint8Array {
  const spare = MAX_TABLE_ELEMENTS - info.tables.reduce((sum, { min }) => sum + min, 0)
  const share = Math.floor(spare / Math.max(1, info.tables.length))
  const output = new ByteWriter(bytes.length + 64).raw(bytes.subarray(0, 8))
  for (const { id, start, end } of info.sections) {
    output.u8(id)
    if (id === SECTION.memory) output.sized(vector(info.memories, () => maxPages))
    else if (id === SECTION.table) output.sized(vector(info.tables, ({ min }) => min + share))
    else output.sized(bytes.subarray(start, end))
  }
  return output.finish()
}

/** The payload of a section of memories or tables, with a maximum each. */
function vector<L extends Limits & { type?: number }>(items: L[], most: (item: L) => number): Uint8Array {
  const output = new ByteWriter(16).u32(items.length)
  for (const item of items) {
    if (item.type !== undefined) output.u8(item.type)
    const limit = most(item)
    output
      .u8(1)
      .u32(item.min)
      .u32(Math.min(item.max ?? limit, limit))
  }
  return output.finish()
}
