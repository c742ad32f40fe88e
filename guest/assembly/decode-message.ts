// Protobuf bytes of one of the app's messages -> JavaScript value, driven by the tables.
//
// The conventions are those of hono_faasm/v1/annotations.proto.

import {
  EXCEPTION, FALSE, JS_AtomToString, JS_Call, JS_CallConstructor, JS_DefinePropertyValue, JS_DefinePropertyValueUint32,
  JS_FreeAtom, JS_FreePropertyEnum, JS_GetLength, JS_GetOwnPropertyNames, JS_GetProperty, JS_GetPropertyInt64, JS_NewArrayFrom, JS_NewObject, JS_NewObjectFrom, JS_ParseJSON, JS_ValueToAtom, NAMES_STRING_ENUMERABLE, NOTHING, NULL, PROP_C_W_E,
  UNDEFINED, context, isException, ofBool, ofInt, ofNumber, release, JSValue,
} from "./engine"
import {
  WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT, cursor, malformed, markMalformed, moveTo, readBool, readFixed32,
  readFixed64, readLength, readVarint, readVarint64, skipField,
} from "./input"
import { tooDeepJson } from "./json-depth"
import { newString } from "./strings"
import {
  FIELD_SIZE, FLAG_NULLABLE, FLAG_OPTIONAL, FLAG_REPEATED, FLAG_REST, KIND_BIGINT, KIND_BOOL, KIND_DATE, KIND_DOUBLE, KIND_ENUM,
  KIND_FLOAT, KIND_INT32, KIND_JSON, KIND_MAP, KIND_MESSAGE, KIND_NULL, KIND_PRESENCE, KIND_STRING, KIND_UINT32, KIND_UINT64, MAX_DEPTH,
  MESSAGE_JSON, MESSAGE_OPEN, MESSAGE_TUPLE, MESSAGE_UNION, MESSAGE_WRAPPER, PRESENCE_EMPTY, PRESENCE_NULL, fieldAtom, fieldCount, fieldFlags,
  fieldKind, fieldNumber, fieldPresence, fieldType, hasField, isPackable, messageFields, messageFlags, requiredCount, restIndex,
} from "./tables"
import { drop, push, pushNothing, releaseDown, reserveSlots, setSlot, slot, slotPointer, stackTop } from "./value-stack"

let cell: usize = 0
let dateConstructor: JSValue = UNDEFINED
let bigIntFunction: JSValue = UNDEFINED

/** 16 bytes of memory, and the engine's own Date and BigInt: handlers may replace the global ones. */
export function attachDecoder(memory: usize, date: JSValue, bigInt: JSValue): void {
  cell = memory
  dateConstructor = date
  bigIntFunction = bigInt
}

/**
 * Reads the message between the cursor and `end`. An exception result means `malformed` (the input is bad) or a
 * pending exception of the engine (no memory left).
 */
export function decodeMessage(message: usize, end: usize, depth: i32): JSValue {
  const count = fieldCount(message)
  const slots = stackTop()
  if (depth > MAX_DEPTH || !reserveSlots(count)) {
    markMalformed()
    return EXCEPTION
  }
  pushNothing(count)
  if (!readFields(message, slots, end, depth)) {
    releaseDown(slots)
    return EXCEPTION
  }
  const flags = messageFlags(message)
  if (flags & MESSAGE_UNION) return member(slots, count, flags)
  if (flags & MESSAGE_TUPLE) return buildTuple(message, slots, depth)
  return flags & MESSAGE_WRAPPER ? unwrap(message, slots, depth) : build(message, slots, depth)
}

function readFields(message: usize, slots: u32, end: usize, depth: i32): bool {
  const fields = messageFields(message)
  const count = fieldCount(message)
  const isUnion = (messageFlags(message) & MESSAGE_UNION) != 0
  let next: u32 = 0
  while (cursor < end) {
    const tag = readVarint(end)
    if (malformed) return false
    const number = tag >>> 3
    // Fields mostly come in the order of the table.
    let index = next
    let looked: u32 = 0
    while (looked < count) {
      if (index >= count) index = 0
      if (fieldNumber(fields + usize(index) * FIELD_SIZE) == number) break
      index += 1
      looked += 1
    }
    if (looked == count) {
      if (number == 0) markMalformed()
      else skipField(tag & 7, end)
      if (malformed) return false
      continue
    }
    const field = fields + usize(index) * FIELD_SIZE
    next = index
    if (fieldFlags(field) & FLAG_REPEATED) {
      if (!readRun(field, tag, slots + index, end, depth)) return false
    } else {
      next += 1
      const kind = fieldKind(field)
      if (kind == KIND_MAP) {
        if (!readMapEntry(field, tag, slots + index, end, depth)) return false
      } else {
        const value = readValue(field, tag & 7, end, depth)
        if (isException(value)) return false
        if (isUnion) clear(slots, count)
        release(slot(slots + index))
        setSlot(slots + index, value)
      }
    }
  }
  return cursor == end && !malformed
}

// Only the last member of a union counts.
function clear(slots: u32, count: u32): void {
  for (let index: u32 = 0; index < count; index++) {
    release(slot(slots + index))
    setSlot(slots + index, NOTHING)
  }
}

// The one member of a union that is there.
function member(slots: u32, count: u32, flags: u32): JSValue {
  for (let index: u32 = 0; index < count; index++) {
    const value = slot(slots + index)
    if (value == NOTHING) continue
    setSlot(slots + index, NOTHING)
    releaseDown(slots)
    return value
  }
  releaseDown(slots)
  return flags & MESSAGE_JSON ? NULL : bad()
}

// One value, without regard to repeated. Presence companions read as ints.
function readValue(field: usize, wireType: u32, end: usize, depth: i32): JSValue {
  const kind = fieldKind(field)
  if (kind == KIND_DOUBLE) {
    if (wireType != WIRE_FIXED64) return bad()
    const bits = readFixed64(end)
    return malformed ? EXCEPTION : ofNumber(reinterpret<f64>(bits))
  }
  if (kind == KIND_BOOL) {
    if (wireType != WIRE_VARINT) return bad()
    const value = readBool(end)
    return malformed ? EXCEPTION : ofBool(value)
  }
  if (kind == KIND_ENUM || kind == KIND_PRESENCE || kind == KIND_NULL) {
    if (wireType != WIRE_VARINT) return bad()
    const number = readVarint(end)
    if (malformed) return EXCEPTION
    if (kind == KIND_NULL) return NULL
    return kind == KIND_PRESENCE ? ofInt(number) : literal(fieldType(field), number)
  }
  if (kind >= KIND_INT32 && kind <= KIND_FLOAT) return readNumber(kind, wireType, end)
  if (wireType != WIRE_BYTES) return bad()
  const length = readLength(end)
  if (malformed) return EXCEPTION
  const from = cursor
  if (kind == KIND_MESSAGE) return decodeMessage(fieldType(field), from + length, depth + 1)
  moveTo(from + length)
  if (kind == KIND_STRING) return newString(from, length)
  if (kind == KIND_DATE) return parseDate(from, length)
  if (kind == KIND_JSON) return parseJson(from, length)
  if (kind == KIND_BIGINT) return parseBigInt(from, length)
  return bad()
}

@inline const MAX_SAFE_INTEGER: i64 = 9007199254740991

function readNumber(kind: u32, wireType: u32, end: usize): JSValue {
  if (wireType != (kind == KIND_FLOAT ? WIRE_FIXED32 : WIRE_VARINT)) return bad()
  if (kind == KIND_FLOAT) {
    const bits = readFixed32(end)
    return malformed ? EXCEPTION : ofNumber(f64(reinterpret<f32>(bits)))
  }
  const value = readVarint64(end)
  if (malformed) return EXCEPTION
  if (kind == KIND_INT32) return ofInt(i32(value))
  if (kind == KIND_UINT32) return ofNumber(f64(u32(value)))
  // More than a number has exactly.
  if (kind == KIND_UINT64 && value > u64(MAX_SAFE_INTEGER)) return bad()
  if (i64(value) > MAX_SAFE_INTEGER || i64(value) < -MAX_SAFE_INTEGER) return bad()
  return ofNumber(f64(i64(value)))
}

function bad(): JSValue {
  markMalformed()
  return EXCEPTION
}

function literal(type: usize, number: u32): JSValue {
  let entry = usize(load<u32>(type))
  for (let left = load<u32>(type, 4); left > 0; left--) {
    if (load<u32>(entry) == number) return JS_AtomToString(context, load<u32>(entry, 4))
    entry += 8
  }
  return bad()
}

function parseDate(ptr: usize, len: usize): JSValue {
  const text = newString(ptr, len)
  if (isException(text)) return EXCEPTION
  store<u64>(cell, text)
  const date = JS_CallConstructor(context, dateConstructor, 1, cell)
  release(text)
  return date
}

// The time to read one grows with the square of its digits.
@inline const MAX_BIGINT_DIGITS: usize = 4096

function parseBigInt(ptr: usize, len: usize): JSValue {
  const sign: usize = len > 0 && load<u8>(ptr) == 0x2d ? 1 : 0
  if (len == sign || len > MAX_BIGINT_DIGITS) return bad()
  for (let at = sign; at < len; at++) {
    if (u32(load<u8>(ptr + at)) - 0x30 > 9) return bad()
  }
  const text = newString(ptr, len)
  return isException(text) ? EXCEPTION : bigIntOf(text)
}

/** Takes a text and gives the bigint that it says, or an exception. */
export function bigIntOf(text: JSValue): JSValue {
  store<u64>(cell, text)
  const value = JS_Call(context, bigIntFunction, UNDEFINED, 1, cell)
  release(text)
  return value
}

function parseJson(ptr: usize, len: usize): JSValue {
  if (tooDeepJson(ptr, ptr + len)) return bad()
  // The parser wants a NUL after the text: borrow the next byte, which is the input's own NUL at the latest.
  const after = load<u8>(ptr + len)
  store<u8>(ptr + len, 0)
  const value = JS_ParseJSON(context, ptr, len, ptr + len)
  store<u8>(ptr + len, after)
  return value
}

// Elements that follow each other are gathered on the stack, and made into an array at once.
function readRun(field: usize, tag: u32, target: u32, end: usize, depth: i32): bool {
  const first = stackTop()
  const kind = fieldKind(field)
  const packable = isPackable(kind)
  const number = tag >>> 3
  while (true) {
    if (packable && (tag & 7) == WIRE_BYTES) {
      const length = readLength(end)
      if (malformed) return false
      const stop = cursor + length
      const wireType = kind == KIND_DOUBLE ? WIRE_FIXED64 : kind == KIND_FLOAT ? WIRE_FIXED32 : WIRE_VARINT
      while (cursor < stop) {
        if (!pushValue(readValue(field, wireType, stop, depth))) return false
      }
    } else if (!pushValue(readValue(field, tag & 7, end, depth))) {
      return false
    }
    if (cursor >= end) break
    const before = cursor
    tag = readVarint(end)
    if (malformed) return false
    if (tag >>> 3 != number) {
      moveTo(before)
      break
    }
  }
  return store_elements(target, first)
}

function pushValue(value: JSValue): bool {
  if (isException(value)) return false
  if (!reserveSlots(1)) {
    release(value)
    markMalformed()
    return false
  }
  push(value)
  return true
}

function store_elements(target: u32, first: u32): bool {
  const count = stackTop() - first
  const existing = slot(target)
  if (existing == NOTHING) {
    const array = JS_NewArrayFrom(context, count, slotPointer(first))
    drop(first)
    if (isException(array)) return false
    setSlot(target, array)
    return true
  }
  // Elements of a repeated field may be scattered over the message.
  if (JS_GetLength(context, existing, cell) < 0) return false
  const length = u32(load<u64>(cell))
  for (let index: u32 = 0; index < count; index++) {
    const value = slot(first + index)
    setSlot(first + index, UNDEFINED)
    if (JS_DefinePropertyValueUint32(context, existing, length + index, value, PROP_C_W_E) < 0) return false
  }
  drop(first)
  return true
}

function readMapEntry(field: usize, tag: u32, target: u32, end: usize, depth: i32): bool {
  if ((tag & 7) != WIRE_BYTES) {
    markMalformed()
    return false
  }
  const length = readLength(end)
  if (malformed) return false
  const stop = cursor + length
  if (slot(target) == NOTHING) {
    const object = JS_NewObject(context)
    if (isException(object)) return false
    setSlot(target, object)
  }
  if (!reserveSlots(2)) {
    markMalformed()
    return false
  }
  // The key and the value are kept where the stack frees them on failure.
  const keySlot = stackTop()
  pushNothing(2)
  const type = fieldType(field)
  while (cursor < stop) {
    const inner = readVarint(stop)
    if (malformed) return false
    if (inner == 10) {
      const size = readLength(stop)
      if (malformed) return false
      const key = newString(cursor, size)
      if (isException(key)) return false
      moveTo(cursor + size)
      release(slot(keySlot))
      setSlot(keySlot, key)
    } else if (inner >>> 3 == 2) {
      const value = readValue(type, inner & 7, stop, depth)
      if (isException(value)) return false
      release(slot(keySlot + 1))
      setSlot(keySlot + 1, value)
    } else {
      skipField(inner & 7, stop)
      if (malformed) return false
    }
  }
  if (slot(keySlot) == NOTHING) setSlot(keySlot, newString(cell, 0))
  if (slot(keySlot + 1) == NOTHING) {
    const value = absent(type, 0, depth)
    if (isException(value)) return false
    setSlot(keySlot + 1, value)
  }
  const atom = JS_ValueToAtom(context, slot(keySlot))
  if (atom == 0) return false
  const value = slot(keySlot + 1)
  setSlot(keySlot + 1, UNDEFINED)
  // Not JS_SetProperty: the key may be `__proto__`.
  const defined = JS_DefinePropertyValue(context, slot(target), atom, value, PROP_C_W_E)
  JS_FreeAtom(context, atom)
  releaseDown(keySlot)
  return defined >= 0
}

/**
 * The value of a property whose field is not on the wire; NOTHING when there is no such property. `presence` is the
 * companion field's.
 */
function absent(field: usize, presence: u32, depth: i32): JSValue {
  const flags = fieldFlags(field)
  if (presence == PRESENCE_NULL) return NULL
  if (presence != PRESENCE_EMPTY) {
    if (flags & FLAG_OPTIONAL) return NOTHING
    if (flags & FLAG_NULLABLE) return NULL
  }
  if (flags & FLAG_REPEATED) return JS_NewArrayFrom(context, 0, 0)
  const kind = fieldKind(field)
  if (kind == KIND_STRING) return newString(cell, 0)
  if (kind == KIND_DOUBLE || (kind >= KIND_INT32 && kind <= KIND_FLOAT)) return ofInt(0)
  if (kind == KIND_BOOL) return FALSE
  if (kind == KIND_MAP) return JS_NewObject(context)
  if (kind == KIND_MESSAGE) return decodeMessage(fieldType(field), cursor, depth + 1)
  // JSON text of undefined is nothing.
  if (kind == KIND_JSON) return NOTHING
  // No literal, no date, no bigint.
  return bad()
}

function settle(field: usize, index: u32, slots: u32, depth: i32): JSValue {
  const value = slot(slots + index)
  setSlot(slots + index, NOTHING)
  if (value != NOTHING) return value
  const companion = fieldPresence(field)
  let presence: u32 = 0
  if (companion != 0) {
    const told = slot(slots + companion - 1)
    if (told != NOTHING) presence = u32(told)
  }
  return absent(field, presence, depth)
}

function unwrap(message: usize, slots: u32, depth: i32): JSValue {
  const value = settle(messageFields(message), 0, slots, depth)
  if (isException(value)) {
    releaseDown(slots)
    return EXCEPTION
  }
  releaseDown(slots)
  return value == NOTHING ? UNDEFINED : value
}

// Makes the array from the slots. Absent elements are no elements at the end, and null before others.
function buildTuple(message: usize, slots: u32, depth: i32): JSValue {
  const count = fieldCount(message)
  const values = stackTop()
  let rest = NOTHING
  let length: u32 = 0
  let field = messageFields(message)
  for (let index: u32 = 0; index < count; index++) {
    if (fieldFlags(field) & FLAG_REST) {
      rest = slot(slots + index)
    } else if (fieldKind(field) != KIND_PRESENCE) {
      const value = settle(field, index, slots, depth)
      if (isException(value) || !pushValue(value)) {
        releaseDown(slots)
        return EXCEPTION
      }
      if (value != NOTHING || index < requiredCount(message)) length = stackTop() - values
    }
    field += FIELD_SIZE
  }
  if (rest != NOTHING) length = stackTop() - values
  for (let at: u32 = 0; at < length; at++) {
    if (slot(values + at) == NOTHING) setSlot(values + at, NULL)
  }
  const array = JS_NewArrayFrom(context, length, slotPointer(values))
  drop(values)
  if (!isException(array) && rest != NOTHING && !append(array, length, rest)) {
    release(array)
    releaseDown(slots)
    return EXCEPTION
  }
  releaseDown(slots)
  return array
}

function append(array: JSValue, length: u32, rest: JSValue): bool {
  if (JS_GetLength(context, rest, cell) < 0) return false
  const more = load<u64>(cell)
  for (let index: u64 = 0; index < more; index++) {
    const value = JS_GetPropertyInt64(context, rest, index)
    if (JS_DefinePropertyValueUint32(context, array, length + u32(index), value, PROP_C_W_E) < 0) return false
  }
  return true
}

// Adds the properties that have no field of their own.
function addRest(message: usize, object: JSValue, rest: JSValue): bool {
  if (JS_GetOwnPropertyNames(context, cell, cell + 4, rest, NAMES_STRING_ENUMERABLE) < 0) return false
  const names = usize(load<u32>(cell))
  const total = load<u32>(cell, 4)
  let added = true
  for (let at: u32 = 0; at < total && added; at++) {
    const atom = load<u32>(names + at * 8, 4)
    if (hasField(message, atom)) continue
    const value = JS_GetProperty(context, rest, atom)
    added = JS_DefinePropertyValue(context, object, atom, value, PROP_C_W_E) >= 0
  }
  JS_FreePropertyEnum(context, names, total)
  return added
}

// Makes the object from the slots. The names go on the stack after the values: JS_NewObjectFrom wants two arrays.
function build(message: usize, slots: u32, depth: i32): JSValue {
  const count = fieldCount(message)
  const values = stackTop()
  if (!reserveSlots(count + ((count + 1) >> 1))) {
    releaseDown(slots)
    markMalformed()
    return EXCEPTION
  }
  let field = messageFields(message)
  for (let index: u32 = 0; index < count; index++) {
    if (fieldKind(field) != KIND_PRESENCE && !(fieldFlags(field) & FLAG_REST)) {
      const value = settle(field, index, slots, depth)
      if (isException(value)) {
        releaseDown(slots)
        return EXCEPTION
      }
      // settle may have moved the stack, or used it above the top, so the room is asked for again.
      if (value != NOTHING) {
        if (!pushValue(value)) {
          releaseDown(slots)
          return EXCEPTION
        }
        // The field's number in the slot that is free now: its name is fetched below.
        setSlot(slots + stackTop() - 1 - values, u64(index))
      }
    }
    field += FIELD_SIZE
  }
  const present = stackTop() - values
  if (!reserveSlots((present + 1) >> 1)) {
    releaseDown(values)
    drop(slots)
    markMalformed()
    return EXCEPTION
  }
  const atoms = slotPointer(stackTop())
  const fields = messageFields(message)
  for (let index: u32 = 0; index < present; index++) {
    store<u32>(atoms + index * 4, fieldAtom(fields + usize(slot(slots + index)) * FIELD_SIZE))
  }
  const rest = messageFlags(message) & MESSAGE_OPEN ? slot(slots + restIndex(message)) : NOTHING
  const object = JS_NewObjectFrom(context, present, atoms, slotPointer(values))
  drop(slots)
  if (rest == NOTHING) return object
  const added = isException(object) || addRest(message, object, rest)
  release(rest)
  if (added) return object
  release(object)
  return EXCEPTION
}
