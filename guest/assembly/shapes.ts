// Keeps the shapes alive that the objects of decoded messages go through while properties are added.
//
// QuickJS shares a shape between objects, and finds the next one by a look-up; but only as long as some object has it. In
// a snapshot without these, each object that is decoded would make its shapes anew.

import { JS_NewObjectFrom, UNDEFINED, context, isException } from "./engine"
import {
  FIELD_SIZE, FLAG_REST, KIND_PRESENCE, MESSAGE_TUPLE, MESSAGE_UNION, MESSAGE_WRAPPER, decodedMessageCount, decodedMessages,
  fieldAtom, fieldCount, fieldFlags, fieldKind, messageFields, messageFlags,
} from "./tables"

// Above it the shapes, which grow with the square, are not worth their memory.
@inline const MAX_PROPERTIES: u32 = 32

/** Once, at build time; `memory` has 512 bytes. The objects are never freed. */
export function keepShapes(memory: usize): void {
  let entry = decodedMessages()
  for (let left = decodedMessageCount(); left > 0; left--) {
    keepShapesOf(load<u32>(entry), memory)
    entry += 4
  }
}

function keepShapesOf(message: usize, atoms: usize): void {
  if (messageFlags(message) & (MESSAGE_WRAPPER | MESSAGE_UNION | MESSAGE_TUPLE)) return
  const values = atoms + MAX_PROPERTIES * 4
  let field = messageFields(message)
  let count: u32 = 0
  for (let left = fieldCount(message); left > 0 && count < MAX_PROPERTIES; left--) {
    if (fieldKind(field) != KIND_PRESENCE && !(fieldFlags(field) & FLAG_REST)) {
      store<u32>(atoms + count * 4, fieldAtom(field))
      store<u64>(values + count * 8, UNDEFINED)
      count += 1
      if (isException(JS_NewObjectFrom(context, count, atoms, values))) return
    }
    field += FIELD_SIZE
  }
}
