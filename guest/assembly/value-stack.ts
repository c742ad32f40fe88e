// A stack of JSValues for what is being decoded or encoded: a message's slots, an array's elements.
//
// It may move when it grows, so callers keep indices, not pointers.

import { NOTHING, realloc, release, JSValue } from "./engine"

let base: usize = 0
let top: u32 = 0
let capacity: u32 = 0

export function attachValueStack(memory: usize, size: u32): void {
  base = memory
  capacity = size
  top = 0
}

export function resetValueStack(): void {
  top = 0
}

@inline export function stackTop(): u32 {
  return top
}

@inline export function slotPointer(index: u32): usize {
  return base + usize(index) * 8
}

@inline export function slot(index: u32): JSValue {
  return load<u64>(base + usize(index) * 8)
}

@inline export function setSlot(index: u32, value: JSValue): void {
  store<u64>(base + usize(index) * 8, value)
}

/** Room for `count` values above the top; false when there is no memory. */
@inline export function reserveSlots(count: u32): bool {
  return top + count <= capacity || grow(count)
}

function grow(count: u32): bool {
  const size = max(capacity * 2, top + count)
  const moved = realloc(base, usize(size) * 8)
  if (moved == 0) return false
  base = moved
  capacity = size
  return true
}

/** Only after reserveSlots. */
@inline export function push(value: JSValue): void {
  store<u64>(base + usize(top) * 8, value)
  top += 1
}

/** Only after reserveSlots. */
@inline export function pushNothing(count: u32): void {
  for (; count > 0; count--) push(NOTHING)
}

/** Takes values off without freeing them: someone else owns them now. */
@inline export function drop(to: u32): void {
  top = to
}

/** Takes values off and frees them. */
export function releaseDown(to: u32): void {
  while (top > to) {
    top -= 1
    release(load<u64>(base + usize(top) * 8))
  }
}
