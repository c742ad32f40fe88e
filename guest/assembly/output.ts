// The growing buffer that everything the function answers is written to.
//
// A write that finds no memory is dropped and remembered: check `outputFailed` at the end.

import { realloc } from "./engine"

export let outputBase: usize = 0
export let outputLength: usize = 0
export let outputFailed: bool = false
let capacity: usize = 0

export function attachOutput(memory: usize, size: usize): void {
  outputBase = memory
  capacity = size
}

export function resetOutput(): void {
  outputLength = 0
  outputFailed = false
}

@inline export function truncateOutput(length: usize): void {
  outputLength = length
}

/** Makes room for `count` bytes and a NUL after them. */
@inline export function reserve(count: usize): bool {
  if (outputLength + count < capacity) return true
  return grow(count)
}

function grow(count: usize): bool {
  if (outputFailed || outputLength + count > 0x40000000) {
    outputFailed = true
    return false
  }
  const size = max(outputLength + count + 1, capacity * 2)
  const moved = realloc(outputBase, size)
  if (moved == 0) {
    outputFailed = true
    return false
  }
  outputBase = moved
  capacity = size
  return true
}

@inline export function writeByte(value: u32): void {
  if (!reserve(1)) return
  store<u8>(outputBase + outputLength, value)
  outputLength += 1
}

export function writeVarint(value: u32): void {
  if (!reserve(5)) return
  let at = outputBase + outputLength
  while (value > 127) {
    store<u8>(at, value | 128)
    at += 1
    value >>= 7
  }
  store<u8>(at, value)
  outputLength = at + 1 - outputBase
}

export function writeVarint64(value: u64): void {
  if (!reserve(10)) return
  let at = outputBase + outputLength
  while (value > 127) {
    store<u8>(at, value | 128)
    at += 1
    value >>= 7
  }
  store<u8>(at, value)
  outputLength = at + 1 - outputBase
}

@inline export function writeFixed32(value: u32): void {
  if (!reserve(4)) return
  store<u32>(outputBase + outputLength, value)
  outputLength += 4
}

@inline export function writeFixed64(value: u64): void {
  if (!reserve(8)) return
  store<u64>(outputBase + outputLength, value)
  outputLength += 8
}

export function writeBytes(ptr: usize, len: usize): void {
  if (!reserve(len)) return
  memory.copy(outputBase + outputLength, ptr, len)
  outputLength += len
}

/** Begins a length-delimited value of unknown length; give the result to `endLength`. */
@inline export function beginLength(): usize {
  writeByte(0)
  return outputLength
}

/** Writes the length of what was written since `start` before it. */
export function endLength(start: usize): void {
  if (outputFailed) return
  const length = outputLength - start
  if (length < 128) {
    store<u8>(outputBase + start - 1, length)
    return
  }
  let more: usize = 0
  for (let rest = length >> 7; rest > 0; rest >>= 7) more += 1
  if (!reserve(more)) return
  const from = outputBase + start
  memory.copy(from + more, from, length)
  outputLength += more
  let at = from - 1
  let rest = u32(length)
  while (rest > 127) {
    store<u8>(at, rest | 128)
    at += 1
    rest >>= 7
  }
  store<u8>(at, rest)
}
