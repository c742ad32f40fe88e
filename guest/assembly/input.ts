// Reads the protobuf wire format. The input is hostile: every read is bounded by `end`.
//
// A malformed input sets `malformed` and makes every further read return 0, so callers
// check it once per field.

export let cursor: usize = 0
export let malformed: bool = false

@inline export const WIRE_VARINT: u32 = 0
@inline export const WIRE_FIXED64: u32 = 1
@inline export const WIRE_BYTES: u32 = 2
@inline export const WIRE_FIXED32: u32 = 5

export function openInput(ptr: usize): void {
  cursor = ptr
  malformed = false
}

@inline export function moveTo(ptr: usize): void {
  cursor = ptr
}

@inline export function markMalformed(): void {
  malformed = true
}

/** The low 32 bits of a varint of up to 10 bytes. */
export function readVarint(end: usize): u32 {
  if (malformed || cursor >= end) {
    malformed = true
    return 0
  }
  let byte = u32(load<u8>(cursor))
  cursor += 1
  if (byte < 128) return byte
  let value = byte & 127
  let shift: u32 = 7
  while (true) {
    if (cursor >= end || shift > 63) {
      malformed = true
      return 0
    }
    byte = load<u8>(cursor)
    cursor += 1
    if (shift < 32) value |= (byte & 127) << shift
    if (byte < 128) return value
    shift += 7
  }
}

/** A varint of up to 10 bytes. */
export function readVarint64(end: usize): u64 {
  let value: u64 = 0
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    if (malformed || cursor >= end) break
    const byte = u64(load<u8>(cursor))
    cursor += 1
    value |= (byte & 127) << shift
    if (byte < 128) return value
  }
  malformed = true
  return 0
}

/** True when any bit of the varint is set (a bool that is not canonical). */
export function readBool(end: usize): bool {
  if (malformed || cursor >= end) {
    malformed = true
    return false
  }
  let any: u32 = 0
  for (let count = 0; count < 10; count++) {
    if (cursor >= end) break
    const byte = u32(load<u8>(cursor))
    cursor += 1
    any |= byte & 127
    if (byte < 128) return any != 0
  }
  malformed = true
  return false
}

export function readFixed32(end: usize): u32 {
  if (malformed || end - cursor < 4) {
    malformed = true
    return 0
  }
  const value = load<u32>(cursor)
  cursor += 4
  return value
}

export function readFixed64(end: usize): u64 {
  if (malformed || end - cursor < 8) {
    malformed = true
    return 0
  }
  const value = load<u64>(cursor)
  cursor += 8
  return value
}

/** The length of a length-delimited value, all of which is there. */
export function readLength(end: usize): usize {
  const length = usize(readVarint(end))
  if (malformed || length > end - cursor) {
    malformed = true
    return 0
  }
  return length
}

/** Skips the value of a field that is not known. */
export function skipField(wireType: u32, end: usize): void {
  if (wireType == WIRE_VARINT) {
    readVarint(end)
  } else if (wireType == WIRE_BYTES) {
    const length = readLength(end)
    if (!malformed) cursor += length
  } else {
    const size: usize = wireType == WIRE_FIXED64 ? 8 : wireType == WIRE_FIXED32 ? 4 : 0
    // Groups are not part of proto3.
    if (size == 0 || malformed || end - cursor < size) {
      malformed = true
      return
    }
    cursor += size
  }
}
