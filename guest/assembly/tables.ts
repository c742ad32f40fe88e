// The app's schema, as tables that the build (src/faaslet/tables.ts) writes into memory.
//
// Pointers are absolute; all numbers are little-endian u32 unless said otherwise.
//
//   root     0 schema hash (u64)   8 routes, 12 how many   16 names, 20 how many   24 texts   28 atoms to
//            intern, 32 how many   36 messages that are decoded into objects, 40 how many
//   route    0 request message or 0   4 response message or 0; one per row of the app's routes
//   name     an atom, filled in by internAtoms
//   text     0 pointer, 4 length
//   intern   0 pointer, 4 length, 8 where to store the atom
//   message  0 flags   4 fields, 8 how many   12 how many of them must be there   16 most fields on the stack
//   field    0 number   4 kind (u8), 5 flags (u8)   8 atom   12 message, enum, or field of a map's values   16 index of the
//            presence field + 1, or 0   20 HTTP status   24 tag on the wire
//   enum     0 entries, 4 how many
//   entry    0 number, 4 atom

import { JS_NewAtomLen, context, JSAtom } from "./engine"

export let root: usize = 0

@inline export const MESSAGE_WRAPPER: u32 = 1
// Dates or bigints: JSON has texts in their place.
@inline export const MESSAGE_HAS_DATES: u32 = 2
@inline export const MESSAGE_UNION: u32 = 4
@inline export const MESSAGE_TUPLE: u32 = 8
// It has a map of all other properties, or a list of all further elements.
@inline export const MESSAGE_OPEN: u32 = 16
// Any JSON value, a union too: null, number, text, boolean, object and array are its fields in this order.
@inline export const MESSAGE_JSON: u32 = 32

@inline export const FIELD_SIZE: usize = 28

@inline export const KIND_DOUBLE: u32 = 1
@inline export const KIND_BOOL: u32 = 2
@inline export const KIND_STRING: u32 = 3
@inline export const KIND_ENUM: u32 = 4
@inline export const KIND_MESSAGE: u32 = 5
@inline export const KIND_JSON: u32 = 6
@inline export const KIND_DATE: u32 = 7
@inline export const KIND_MAP: u32 = 8
@inline export const KIND_PRESENCE: u32 = 9
@inline export const KIND_INT32: u32 = 10
@inline export const KIND_UINT32: u32 = 11
@inline export const KIND_INT64: u32 = 12
@inline export const KIND_UINT64: u32 = 13
@inline export const KIND_FLOAT: u32 = 14
@inline export const KIND_BIGINT: u32 = 15
@inline export const KIND_NULL: u32 = 16

@inline export const FLAG_OPTIONAL: u32 = 1
@inline export const FLAG_NULLABLE: u32 = 2
@inline export const FLAG_REPEATED: u32 = 4
// A zero value is written too: the field tells presence.
@inline export const FLAG_EXPLICIT: u32 = 8
// The map or list of a MESSAGE_OPEN. It comes after the other fields, but for presence companions.
@inline export const FLAG_REST: u32 = 16

@inline export const PRESENCE_NULL: u32 = 1
@inline export const PRESENCE_EMPTY: u32 = 2

@inline export const MAX_DEPTH: i32 = 100
// Tries of union members while one body is encoded: unions in unions may need 2^n.
@inline export const MAX_RETRIES: u32 = 10000

/** Points the glue at its tables and interns their names. */
export function attachTables(base: usize): void {
  root = base
  let entry = usize(load<u32>(base, 28))
  for (let left = load<u32>(base, 32); left > 0; left--) {
    const atom = JS_NewAtomLen(context, load<u32>(entry), load<u32>(entry, 4))
    store<u32>(load<u32>(entry, 8), atom)
    entry += 12
  }
}

@inline export function decodedMessages(): usize {
  return load<u32>(root, 36)
}

@inline export function decodedMessageCount(): u32 {
  return load<u32>(root, 40)
}

@inline export function schemaHash(): u64 {
  return load<u64>(root)
}

@inline export function hasRoute(index: u32): bool {
  return index < load<u32>(root, 12) && load<u32>(usize(load<u32>(root, 8)) + index * 8) != 0
}

@inline export function requestOf(route: u32): usize {
  return load<u32>(usize(load<u32>(root, 8)) + route * 8)
}

@inline export function responseOf(route: u32): usize {
  return load<u32>(usize(load<u32>(root, 8)) + route * 8, 4)
}

@inline export function nameAtom(name: u32): JSAtom {
  return load<u32>(usize(load<u32>(root, 16)) + name * 4)
}

@inline export function textPointer(text: u32): usize {
  return load<u32>(usize(load<u32>(root, 24)) + text * 8)
}

@inline export function textLength(text: u32): usize {
  return load<u32>(usize(load<u32>(root, 24)) + text * 8, 4)
}

@inline export function messageFlags(message: usize): u32 {
  return load<u32>(message)
}

@inline export function messageFields(message: usize): usize {
  return load<u32>(message, 4)
}

@inline export function fieldCount(message: usize): u32 {
  return load<u32>(message, 8)
}

/** Whether a list of this kind is one length-delimited value on the wire. */
@inline export function isPackable(kind: u32): bool {
  return kind == KIND_DOUBLE || kind == KIND_BOOL || kind == KIND_ENUM || (kind >= KIND_INT32 && kind <= KIND_FLOAT)
}

/** The index of an open message's map or list. */
export function restIndex(message: usize): u32 {
  const fields = messageFields(message)
  let index: u32 = 0
  while (!(fieldFlags(fields + usize(index) * FIELD_SIZE) & FLAG_REST)) index += 1
  return index
}

/** Whether a property has a field of its own. */
export function hasField(message: usize, atom: JSAtom): bool {
  let field = messageFields(message)
  for (let left = fieldCount(message); left > 0; left--) {
    if (fieldAtom(field) == atom) return true
    field += FIELD_SIZE
  }
  return false
}

@inline export function requiredCount(message: usize): u32 {
  return load<u32>(message, 12)
}

@inline export function fieldNumber(field: usize): u32 {
  return load<u32>(field)
}

@inline export function fieldKind(field: usize): u32 {
  return load<u8>(field, 4)
}

@inline export function fieldFlags(field: usize): u32 {
  return load<u8>(field, 5)
}

@inline export function fieldAtom(field: usize): JSAtom {
  return load<u32>(field, 8)
}

@inline export function fieldType(field: usize): usize {
  return load<u32>(field, 12)
}

@inline export function fieldPresence(field: usize): u32 {
  return load<u32>(field, 16)
}

@inline export function fieldStatus(field: usize): u32 {
  return load<u32>(field, 20)
}

@inline export function fieldTag(field: usize): u32 {
  return load<u32>(field, 24)
}
