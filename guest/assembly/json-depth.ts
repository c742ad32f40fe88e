// How deep JSON text nests. The engine's parser recurses, and would take more of the host's stack than there may be, so
// a text is measured before it is parsed.

@inline const MAX_JSON_DEPTH: i32 = 1000

/** The deepest nesting of brackets outside strings; the text need not be valid. */
function jsonDepth(ptr: usize, end: usize): i32 {
  let depth = 0
  let deepest = 0
  while (ptr < end) {
    const char = u32(load<u8>(ptr))
    ptr += 1
    if (char == 0x22) {
      while (ptr < end) {
        const inner = u32(load<u8>(ptr))
        ptr += 1
        if (inner == 0x22) break
        if (inner == 0x5c) ptr += 1
      }
    } else if (char == 0x5b || char == 0x7b) {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if (char == 0x5d || char == 0x7d) {
      depth -= 1
    }
  }
  return deepest
}

@inline export function tooDeepJson(ptr: usize, end: usize): bool {
  // A short text can't nest that deep.
  return end - ptr > usize(MAX_JSON_DEPTH) && jsonDepth(ptr, end) > MAX_JSON_DEPTH
}
