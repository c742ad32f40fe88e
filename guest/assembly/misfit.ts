// Why a value does not fit its declared type, and where in it: the reply's fallback_reason.
//
// The path is written while the encoder returns from the depth, innermost part first, into a buffer that
// fills from its end.

import { JS_AtomToString, JS_FreeCString, JS_ToCStringLen2, context, isException, release, JSAtom } from "./engine"

let buffer: usize = 0
let capacity: usize = 0
let from: usize = 0
let cell: usize = 0
export let misfitText: u32 = 0

export function attachMisfit(memory: usize, size: usize, scratch: usize): void {
  buffer = memory
  capacity = size
  cell = scratch
}

/** Remembers the reason (a text); the path is empty so far. */
export function beginMisfit(text: u32): void {
  misfitText = text
  from = capacity
}

@inline function prepend(char: u32): void {
  // A path that is too long loses its beginning.
  if (from == 0) return
  from -= 1
  store<u8>(buffer + from, char)
}

export function atIndex(index: u32): void {
  prepend(0x5d)
  do {
    prepend(0x30 + (index % 10))
    index /= 10
  } while (index > 0)
  prepend(0x5b)
}

export function atProperty(atom: JSAtom): void {
  const name = JS_AtomToString(context, atom)
  if (isException(name)) return
  const ptr = JS_ToCStringLen2(context, cell, name, 0)
  if (ptr != 0) {
    const length = usize(load<u32>(cell))
    for (let at = length; at > 0; at--) {
      // QuickJS writes a lone surrogate as ED A0..BF xx, which UTF-8 never has.
      if (at > 2 && load<u8>(ptr + at - 3) == 0xed && load<u8>(ptr + at - 2) >= 0xa0) {
        prepend(0x3f)
        at -= 2
      } else {
        prepend(load<u8>(ptr + at - 1))
      }
    }
    prepend(0x2e)
    JS_FreeCString(context, ptr)
  }
  release(name)
}

/** Where the path begins; it goes on for `misfitPathLength`. */
export function misfitPath(): usize {
  // Where the path was cut, half a character may be left.
  while (from < capacity && (load<u8>(buffer + from) & 0xc0) == 0x80) from += 1
  return buffer + from
}

@inline export function misfitPathLength(): usize {
  return capacity - from
}
