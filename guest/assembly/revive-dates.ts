// A request message that came as JSON text has strings where the declared type has a Date or a bigint.

import {
  EXCEPTION, JS_CallConstructor, JS_GetLength, JS_GetOwnPropertyNames, JS_FreePropertyEnum, JS_GetProperty,
  JS_GetPropertyInt64, JS_IsArray, JS_SetProperty, JS_DefinePropertyValueUint32, NAMES_STRING_ENUMERABLE, PROP_C_W_E,
  UNDEFINED, context, isException, isObject, isString, release, JSValue,
} from "./engine"
import { bigIntOf } from "./decode-message"
import {
  FIELD_SIZE, FLAG_REPEATED, FLAG_REST, KIND_BIGINT, KIND_DATE, KIND_MAP, KIND_MESSAGE, KIND_PRESENCE, MAX_DEPTH,
  MESSAGE_HAS_DATES, MESSAGE_TUPLE, MESSAGE_WRAPPER, fieldAtom, fieldCount, fieldFlags, fieldKind, fieldType, hasField,
  messageFields, messageFlags,
} from "./tables"

let cell: usize = 0
let dateConstructor: JSValue = UNDEFINED

/** 16 bytes of memory. */
export function attachReviver(memory: usize, date: JSValue): void {
  cell = memory
  dateConstructor = date
}

/** Takes the value and gives it back with its dates; a value that is not of its declared type is left as it is. */
export function reviveDates(message: usize, value: JSValue): JSValue {
  return revive(message, value, 0)
}

function revive(message: usize, value: JSValue, depth: i32): JSValue {
  if (!(messageFlags(message) & MESSAGE_HAS_DATES) || depth > MAX_DEPTH) return value
  const fields = messageFields(message)
  if (messageFlags(message) & MESSAGE_WRAPPER) return reviveField(fields, value, depth)
  if (messageFlags(message) & MESSAGE_TUPLE) return reviveTuple(message, value, depth)
  if (!isObject(value) || JS_IsArray(value)) return value
  let field = fields
  for (let left = fieldCount(message); left > 0; left--) {
    if (fieldFlags(field) & FLAG_REST) {
      if (isException(reviveEntries(field, message, value, depth))) return EXCEPTION
    } else if (fieldKind(field) != KIND_PRESENCE) {
      const old = JS_GetProperty(context, value, fieldAtom(field))
      if (isObject(old) || isString(old)) {
        const revived = reviveField(field, old, depth)
        if (isException(revived)) {
          release(value)
          return EXCEPTION
        }
        if (JS_SetProperty(context, value, fieldAtom(field), revived) < 0) return EXCEPTION
      } else {
        release(old)
      }
    }
    field += FIELD_SIZE
  }
  return value
}

function reviveField(field: usize, value: JSValue, depth: i32): JSValue {
  if (fieldFlags(field) & FLAG_REPEATED) {
    if (!isObject(value) || !JS_IsArray(value)) return value
    if (JS_GetLength(context, value, cell) < 0) return EXCEPTION
    const length = u32(load<u64>(cell))
    for (let index: u32 = 0; index < length; index++) {
      if (!reviveElement(field, value, index, depth)) return EXCEPTION
    }
    return value
  }
  if (fieldKind(field) == KIND_MAP) {
    return isObject(value) && !JS_IsArray(value) ? reviveEntries(field, 0, value, depth) : value
  }
  return reviveOne(field, value, depth)
}

function reviveTuple(message: usize, array: JSValue, depth: i32): JSValue {
  if (!isObject(array) || !JS_IsArray(array)) return array
  if (JS_GetLength(context, array, cell) < 0) return EXCEPTION
  const length = u32(load<u64>(cell))
  let field = messageFields(message)
  let left = fieldCount(message)
  for (let index: u32 = 0; index < length && left > 0; index++) {
    if (fieldKind(field) == KIND_PRESENCE) break
    if (!reviveElement(field, array, index, depth)) return EXCEPTION
    // The last one is that of all further elements.
    if (fieldFlags(field) & FLAG_REST) continue
    field += FIELD_SIZE
    left -= 1
  }
  return array
}

function reviveElement(field: usize, array: JSValue, index: u32, depth: i32): bool {
  const revived = reviveOne(field, JS_GetPropertyInt64(context, array, index), depth)
  if (isException(revived)) return false
  return JS_DefinePropertyValueUint32(context, array, index, revived, PROP_C_W_E) >= 0
}

// The entries of a map; of an open message, those that have no field of their own.
function reviveEntries(field: usize, message: usize, object: JSValue, depth: i32): JSValue {
  if (JS_GetOwnPropertyNames(context, cell, cell + 4, object, NAMES_STRING_ENUMERABLE) < 0) return EXCEPTION
  const names = usize(load<u32>(cell))
  const total = load<u32>(cell, 4)
  for (let at: u32 = 0; at < total; at++) {
    const atom = load<u32>(names + at * 8, 4)
    if (message != 0 && hasField(message, atom)) continue
    const revived = reviveOne(fieldType(field), JS_GetProperty(context, object, atom), depth)
    if (isException(revived) || JS_SetProperty(context, object, atom, revived) < 0) return EXCEPTION
  }
  JS_FreePropertyEnum(context, names, total)
  return object
}

function reviveOne(field: usize, value: JSValue, depth: i32): JSValue {
  const kind = fieldKind(field)
  if (kind == KIND_MESSAGE) return revive(fieldType(field), value, depth + 1)
  if (!isString(value)) return value
  if (kind == KIND_BIGINT) return bigIntOf(value)
  if (kind != KIND_DATE) return value
  store<u64>(cell, value)
  const date = JS_CallConstructor(context, dateConstructor, 1, cell)
  release(value)
  return date
}
