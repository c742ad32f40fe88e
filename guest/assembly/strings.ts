// JavaScript strings to and from UTF-8.

import { JS_FreeCString, JS_NewStringLen, JS_ToCStringLen2, context, JSValue } from "./engine"
import { outputBase, outputLength, writeByte, writeBytes, writeVarint } from "./output"
import { textLength, textPointer } from "./tables"

// Where the engine puts a string's length.
let cell: usize = 0

export function attachStrings(memory: usize): void {
  cell = memory
}

@inline export function newString(ptr: usize, len: usize): JSValue {
  return JS_NewStringLen(context, ptr, len)
}

@inline export function newText(text: u32): JSValue {
  return JS_NewStringLen(context, textPointer(text), textLength(text))
}

/** How far well-formed UTF-8 goes (RFC 3629): `end` when it is all well-formed. */
export function validUtf8(ptr: usize, end: usize): usize {
  while (ptr < end) {
    if (end - ptr >= 8 && (load<u64>(ptr) & 0x8080808080808080) == 0) {
      ptr += 8
    } else if (load<u8>(ptr) < 0x80) {
      ptr += 1
    } else {
      const length = sequenceLength(load<u8>(ptr))
      if (length == 0 || wellFormed(ptr, end) != length) return ptr
      ptr += length
    }
  }
  return end
}

// Bytes of the character that begins so; 0 when none does.
function sequenceLength(first: u32): usize {
  if (first < 0xc2) return 0
  if (first < 0xe0) return 2
  if (first < 0xf0) return 3
  return first < 0xf5 ? 4 : 0
}

// How many of the character's bytes are there and allowed.
function wellFormed(ptr: usize, end: usize): usize {
  const first = u32(load<u8>(ptr))
  const length = sequenceLength(first)
  const low: u32 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80
  const high: u32 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf
  let have: usize = 1
  while (have < length && ptr + have < end) {
    const next = u32(load<u8>(ptr + have))
    if (have == 1 ? next < low || next > high : (next & 0xc0) != 0x80) break
    have += 1
  }
  return have
}

/** Writes UTF-8, with U+FFFD for every part of it that is malformed, as TextDecoder cuts them. */
export function writeRepaired(ptr: usize, end: usize): void {
  while (ptr < end) {
    const good = validUtf8(ptr, end)
    writeBytes(ptr, good - ptr)
    if (good == end) return
    writeByte(0xef)
    writeByte(0xbf)
    writeByte(0xbd)
    ptr = good + wellFormed(good, end)
  }
}

// QuickJS writes a lone surrogate as the three bytes ED A0..BF xx, which UTF-8 never has.
function findSurrogate(ptr: usize, end: usize): usize {
  while (ptr < end) {
    if (end - ptr >= 8 && (load<u64>(ptr) & 0x8080808080808080) == 0) {
      ptr += 8
      continue
    }
    if (load<u8>(ptr) == 0xed && end - ptr > 1 && load<u8>(ptr, 1) >= 0xa0) return ptr
    ptr += 1
  }
  return end
}

@inline export const STRING_OK: i32 = 0
@inline export const STRING_EXCEPTION: i32 = 1
@inline export const STRING_SURROGATE: i32 = 2

/**
 * Writes a length and the string's UTF-8. A lone surrogate stops it (nothing is written) when `strict`, and becomes U+FFFD
 * otherwise.
 */
export function writeString(value: JSValue, strict: bool): i32 {
  return writeUtf8(value, strict, true)
}

/** As writeString without the length. */
export function writeText(value: JSValue): i32 {
  return writeUtf8(value, false, false)
}

function writeUtf8(value: JSValue, strict: bool, delimited: bool): i32 {
  const ptr = JS_ToCStringLen2(context, cell, value, 0)
  if (ptr == 0) return STRING_EXCEPTION
  const length = usize(load<u32>(cell))
  const end = ptr + length
  let surrogate = findSurrogate(ptr, end)
  if (strict && surrogate < end) {
    JS_FreeCString(context, ptr)
    return STRING_SURROGATE
  }
  if (delimited) writeVarint(u32(length))
  const before = outputLength
  writeBytes(ptr, length)
  while (surrogate < end && outputLength > before) {
    const at = outputBase + before + (surrogate - ptr)
    store<u8>(at, 0xef)
    store<u8>(at, 0xbf, 1)
    store<u8>(at, 0xbd, 2)
    surrogate = findSurrogate(surrogate + 3, end)
  }
  JS_FreeCString(context, ptr)
  return STRING_OK
}
