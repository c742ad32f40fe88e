// JavaScript strings to and from UTF-8.

import { JS_FreeCString, JS_NewStringLen, JS_ToCStringLen2, context, JSValue } from "./engine"
import { outputBase, outputLength, writeBytes, writeVarint } from "./output"
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
      continue
    }
    const first = u32(load<u8>(ptr))
    if (first < 0x80) {
      ptr += 1
      continue
    }
    let more: usize = 1
    let low: u32 = 0x80
    let high: u32 = 0xbf
    if (first < 0xc2) return ptr
    if (first >= 0xe0) more = 2
    if (first >= 0xf0) more = 3
    if (first == 0xe0) low = 0xa0
    if (first == 0xed) high = 0x9f
    if (first == 0xf0) low = 0x90
    if (first == 0xf4) high = 0x8f
    if (first > 0xf4 || end - ptr <= more) return ptr
    const second = u32(load<u8>(ptr, 1))
    if (second < low || second > high) return ptr
    for (let at: usize = 2; at <= more; at++) {
      if ((load<u8>(ptr + at) & 0xc0) != 0x80) return ptr
    }
    ptr += more + 1
  }
  return end
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
