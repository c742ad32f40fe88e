// JavaScript value -> protobuf bytes of one of the app's messages, driven by the tables.
//
// The value is treated as JSON.stringify would: toJSON is called, a property that is undefined, a function or a symbol is
// absent. A value that does not fit its declared type is a misfit, and nothing of it is lost: the caller sends JSON text.

import {
  CLASS_BOOLEAN, CLASS_NUMBER, CLASS_OBJECT, JS_Call, JS_DupValue, JS_FreeAtom, JS_FreePropertyEnum, JS_GetClassID,
  JS_GetLength, JS_GetOwnPropertyNames, JS_GetProperty, JS_GetPropertyInt64, JS_IsArray, JS_IsFunction, JS_ValueToAtom,
  JS_AtomToString, NAMES_STRING_ENUMERABLE, NULL, TAG_BIG_INT, TAG_BOOL, TAG_NULL, TAG_OBJECT, TAG_SHORT_BIG_INT, TAG_SYMBOL,
  TAG_UNDEFINED, UNDEFINED, context, isException, isNumber, isString, release, stringify, tagOf, toNumber, JSAtom, JSValue,
} from "./engine"
import { beginMisfit, atIndex, atProperty } from "./misfit"
import {
  NAME_TO_JSON, TEXT_MISFIT_ARRAY, TEXT_MISFIT_BOOLEAN, TEXT_MISFIT_DEPTH, TEXT_MISFIT_EXTRA, TEXT_MISFIT_JSON,
  TEXT_MISFIT_LITERAL, TEXT_MISFIT_MISSING, TEXT_MISFIT_NUMBER, TEXT_MISFIT_OBJECT, TEXT_MISFIT_STATUS, TEXT_MISFIT_STRING,
  TEXT_MISFIT_INTEGER, TEXT_MISFIT_SURROGATE,
} from "./names"
import { beginLength, endLength, outputLength, truncateOutput, writeByte, writeFixed32, writeFixed64, writeVarint, writeVarint64 } from "./output"
import { STRING_EXCEPTION, STRING_SURROGATE, writeString } from "./strings"
import {
  FIELD_SIZE, FLAG_EXPLICIT, FLAG_NULLABLE, FLAG_OPTIONAL, FLAG_REPEATED, FLAG_REST, KIND_BIGINT, KIND_BOOL, KIND_DATE,
  KIND_DOUBLE, KIND_ENUM, KIND_FLOAT, KIND_INT32, KIND_INT64, KIND_JSON, KIND_MAP, KIND_MESSAGE, KIND_PRESENCE, KIND_STRING,
  KIND_UINT32, MAX_DEPTH, MAX_RETRIES, MESSAGE_JSON, MESSAGE_OPEN, MESSAGE_TUPLE, MESSAGE_UNION, MESSAGE_WRAPPER, PRESENCE_EMPTY,
  PRESENCE_NULL, fieldAtom, fieldCount, fieldFlags, fieldKind, fieldPresence, fieldStatus, fieldTag, fieldType, isPackable,
  messageFields, messageFlags, nameAtom, requiredCount, restIndex,
} from "./tables"

@inline export const FITS: i32 = 0
@inline const MISFIT: i32 = 1
// The engine has a pending exception.
@inline export const THREW: i32 = 2
// A property that JSON.stringify leaves out.
@inline const ABSENT: i32 = 3

// Results of the engine's calls: 0 property names, 4 how many; 8 a length.
let cell: usize = 0
// Arguments of toJSON.
let argument: usize = 0
let retries: u32 = 0

/** 24 bytes of memory. */
export function attachEncoder(memory: usize): void {
  cell = memory
  argument = memory + 16
}

function misfit(text: u32): i32 {
  beginMisfit(text)
  return MISFIT
}

/** Writes the message's fields, without a length. */
function encodeMessage(message: usize, value: JSValue, key: JSAtom, depth: i32): i32 {
  if (messageFlags(message) & MESSAGE_UNION) {
    if (tagOf(value) != TAG_OBJECT) return encodeUnion(message, value, key, depth)
    const settled = applyToJson(value, key)
    if (isException(settled)) return THREW
    const result = encodeUnion(message, settled, key, depth)
    release(settled)
    return result
  }
  if (messageFlags(message) & MESSAGE_WRAPPER) {
    const fields = messageFields(message)
    const result = encodeProperty(fields, fields, value, key, depth)
    if (result != ABSENT) return result
    return fieldFlags(fields) & FLAG_OPTIONAL ? FITS : misfit(TEXT_MISFIT_MISSING)
  }
  if (depth > MAX_DEPTH) return misfit(TEXT_MISFIT_DEPTH)
  if (tagOf(value) != TAG_OBJECT) return misfit(TEXT_MISFIT_OBJECT)
  const replaced = applyToJson(value, key)
  if (isException(replaced)) return THREW
  const result = encodeObject(message, replaced, depth)
  release(replaced)
  return result
}

// The value that JSON.stringify would write in its place; the caller owns it.
function applyToJson(value: JSValue, key: JSAtom): JSValue {
  const toJson = JS_GetProperty(context, value, nameAtom(NAME_TO_JSON))
  if (tagOf(toJson) != TAG_OBJECT) {
    release(toJson)
    return isException(toJson) ? toJson : dup(value)
  }
  if (!JS_IsFunction(context, toJson)) {
    release(toJson)
    return dup(value)
  }
  const name = key == 0 ? UNDEFINED : JS_AtomToString(context, key)
  store<u64>(argument, name)
  const result = JS_Call(context, toJson, value, 1, argument)
  release(name)
  release(toJson)
  return result
}

@inline function dup(value: JSValue): JSValue {
  return JS_DupValue(context, value)
}

// Takes the first member that the value fits, whose toJSON has been called.
function encodeUnion(message: usize, value: JSValue, key: JSAtom, depth: i32): i32 {
  if (depth > MAX_DEPTH) return misfit(TEXT_MISFIT_DEPTH)
  if (messageFlags(message) & MESSAGE_JSON) return encodeJsonValue(messageFields(message), value, key, depth)
  const tag = tagOf(value)
  if (tag == TAG_NULL || isJsonAbsent(value)) return misfit(TEXT_MISFIT_JSON)
  const before = outputLength
  let field = messageFields(message)
  for (let left = fieldCount(message); left > 0; left--) {
    const isMessage = fieldKind(field) == KIND_MESSAGE
    const result = isMessage && tag == TAG_OBJECT
      ? encodeSettled(field, value, key, depth)
      : encodeValue(field, value, key, depth)
    if (result == FITS || result == THREW) return result
    truncateOutput(before)
    retries += 1
    if (retries > MAX_RETRIES) break
    field += FIELD_SIZE
  }
  return misfit(TEXT_MISFIT_JSON)
}

// What the value is tells the member.
function encodeJsonValue(fields: usize, value: JSValue, key: JSAtom, depth: i32): i32 {
  const tag = tagOf(value)
  if (isString(value)) return encodeValue(fields + 2 * FIELD_SIZE, value, key, depth)
  if (isNumber(value)) {
    if (isFinite(toNumber(value))) return encodeValue(fields + FIELD_SIZE, value, key, depth)
    // JSON has no text for it.
  } else if (tag == TAG_BOOL) {
    return encodeValue(fields + 3 * FIELD_SIZE, value, key, depth)
  } else if (tag == TAG_OBJECT && !JS_IsFunction(context, value)) {
    return encodeSettled(fields + (JS_IsArray(value) ? 5 : 4) * FIELD_SIZE, value, key, depth)
  } else if (tag != TAG_NULL) {
    return misfit(TEXT_MISFIT_JSON)
  }
  writeVarint(fieldTag(fields))
  writeByte(0)
  return FITS
}

function encodeObject(message: usize, object: JSValue, depth: i32): i32 {
  const flags = messageFlags(message)
  if (flags & MESSAGE_TUPLE) return encodeTuple(message, object, depth)
  if (tagOf(object) != TAG_OBJECT) return misfit(TEXT_MISFIT_OBJECT)
  const classId = JS_GetClassID(object)
  if (classId != CLASS_OBJECT) {
    // Arrays, functions, and the boxes that JSON.stringify opens.
    if (JS_IsArray(object) || JS_IsFunction(context, object)) return misfit(TEXT_MISFIT_OBJECT)
    if (classId >= CLASS_NUMBER && classId <= CLASS_BOOLEAN) return misfit(TEXT_MISFIT_OBJECT)
  }
  if (JS_GetOwnPropertyNames(context, cell, cell + 4, object, NAMES_STRING_ENUMERABLE) < 0) return THREW
  const names = usize(load<u32>(cell))
  const total = load<u32>(cell, 4)
  const fields = messageFields(message)
  const count = fieldCount(message)
  let required = requiredCount(message)
  let result = FITS
  let next: u32 = 0
  for (let at: u32 = 0; at < total; at++) {
    const atom = load<u32>(names + at * 8, 4)
    const value = JS_GetProperty(context, object, atom)
    if (isException(value)) {
      result = THREW
      break
    }
    // Properties mostly come in the order of the fields.
    let index = next
    let looked: u32 = 0
    while (looked < count) {
      if (index >= count) index = 0
      if (fieldAtom(fields + usize(index) * FIELD_SIZE) == atom) break
      index += 1
      looked += 1
    }
    if (looked == count) {
      // Only a property that JSON has.
      if (isJsonAbsent(value)) {
        release(value)
        continue
      }
      if (flags & MESSAGE_OPEN) {
        result = encodeEntry(fields + usize(restIndex(message)) * FIELD_SIZE, value, atom, depth)
      } else {
        result = misfit(TEXT_MISFIT_EXTRA)
      }
      release(value)
      if (result == ABSENT) result = FITS
      if (result == FITS) continue
      if (result == MISFIT) atProperty(atom)
      break
    }
    next = index + 1
    const field = fields + usize(index) * FIELD_SIZE
    result = encodeProperty(field, fields, value, atom, depth)
    release(value)
    if (result == ABSENT) {
      result = FITS
      continue
    }
    if (result != FITS) {
      if (result == MISFIT) atProperty(atom)
      break
    }
    if (!(fieldFlags(field) & FLAG_OPTIONAL)) required -= 1
  }
  JS_FreePropertyEnum(context, names, total)
  if (result == FITS && required != 0) return misfit(TEXT_MISFIT_MISSING)
  return result
}

function encodeTuple(message: usize, array: JSValue, depth: i32): i32 {
  if (tagOf(array) != TAG_OBJECT || !JS_IsArray(array)) return misfit(TEXT_MISFIT_ARRAY)
  if (JS_GetLength(context, array, cell + 8) < 0) return THREW
  const length = load<u64>(cell, 8)
  if (length < requiredCount(message)) return misfit(TEXT_MISFIT_MISSING)
  const fields = messageFields(message)
  let field = fields
  let index: u64 = 0
  for (let left = fieldCount(message); left > 0 && index < length; left--) {
    if (fieldKind(field) == KIND_PRESENCE) break
    if (fieldFlags(field) & FLAG_REST) return encodeElements(field, array, index, length, depth)
    const element = JS_GetPropertyInt64(context, array, index)
    if (isException(element)) return THREW
    // In an array, what JSON leaves out of an object is null.
    let result = encodeProperty(field, fields, isJsonAbsent(element) ? NULL : element, 0, depth)
    release(element)
    if (result == ABSENT) result = encodeNull(field, fields)
    if (result != FITS) {
      if (result == MISFIT) atIndex(u32(index))
      return result
    }
    index += 1
    field += FIELD_SIZE
  }
  return index < length ? misfit(TEXT_MISFIT_ARRAY) : FITS
}

function isJsonAbsent(value: JSValue): bool {
  const tag = tagOf(value)
  return tag == TAG_UNDEFINED || tag == TAG_SYMBOL || (tag == TAG_OBJECT && JS_IsFunction(context, value) != 0)
}

// The value of a property: what its field and its presence companion say of it.
function encodeProperty(field: usize, fields: usize, value: JSValue, key: JSAtom, depth: i32): i32 {
  const tag = tagOf(value)
  const isJson = fieldKind(field) == KIND_JSON && !(fieldFlags(field) & FLAG_REPEATED)
  if (tag >= 0) {
    if (tag == TAG_UNDEFINED) return ABSENT
    if (tag == TAG_NULL && !isJson) return encodeNull(field, fields)
    if (tag == TAG_SHORT_BIG_INT) return encodeBigInt(field)
  } else if (tag == TAG_OBJECT) {
    if (isJson) return encodeJson(field, value)
    return encodeObjectProperty(field, fields, value, key, depth)
  } else if (tag == TAG_SYMBOL) {
    return ABSENT
  } else if (tag == TAG_BIG_INT) {
    return encodeBigInt(field)
  }
  if (fieldFlags(field) & FLAG_REPEATED) return misfit(TEXT_MISFIT_ARRAY)
  return encodeValue(field, value, key, depth)
}

// JSON.stringify asks a BigInt for toJSON and then throws: leave that to it.
@inline function encodeBigInt(field: usize): i32 {
  return misfit(TEXT_MISFIT_JSON)
}

function encodeNull(field: usize, fields: usize): i32 {
  const flags = fieldFlags(field)
  if (!(flags & FLAG_NULLABLE)) {
    // A wrapper, as the value of a map, knows itself whether its value may be null.
    const inner = fieldKind(field) == KIND_MESSAGE && !(flags & FLAG_REPEATED) && takesNull(field)
    return inner ? encodeValue(field, NULL, 0, 0) : misfit(TEXT_MISFIT_MISSING)
  }
  // Without a companion, or when the property is always there, an absent field says null.
  if (flags & FLAG_OPTIONAL) writePresence(field, fields, PRESENCE_NULL)
  return FITS
}

function writePresence(field: usize, fields: usize, presence: u32): void {
  const companion = fieldPresence(field)
  if (companion == 0) return
  writeVarint(fieldTag(fields + usize(companion - 1) * FIELD_SIZE))
  writeByte(presence)
}

function encodeObjectProperty(field: usize, fields: usize, value: JSValue, key: JSAtom, depth: i32): i32 {
  const kind = fieldKind(field)
  const flags = fieldFlags(field)
  if (JS_IsFunction(context, value)) return isCallableWithToJson(value) ? misfit(TEXT_MISFIT_JSON) : ABSENT
  // A plain message calls toJSON itself.
  if (kind == KIND_MESSAGE && !(flags & (FLAG_REPEATED | FLAG_NULLABLE)) && !takesNull(field)) {
    return encodeValue(field, value, key, depth)
  }
  const replaced = applyToJson(value, key)
  if (isException(replaced)) return THREW
  let result: i32
  if (tagOf(replaced) == TAG_UNDEFINED) result = ABSENT
  else if (tagOf(replaced) == TAG_NULL) result = encodeNull(field, fields)
  else if (flags & FLAG_REPEATED) result = encodeArray(field, fields, replaced, depth)
  else if (kind == KIND_MAP) result = encodeMap(field, fields, replaced, depth)
  else if (tagOf(replaced) == TAG_OBJECT && kind == KIND_MESSAGE) result = encodeSettled(field, replaced, key, depth)
  else result = encodeValue(field, replaced, key, depth)
  release(replaced)
  return result
}

@inline function takesNull(field: usize): bool {
  return (messageFlags(fieldType(field)) & (MESSAGE_WRAPPER | MESSAGE_JSON)) != 0
}

// A function that has a toJSON is written by JSON.stringify.
function isCallableWithToJson(value: JSValue): bool {
  const toJson = JS_GetProperty(context, value, nameAtom(NAME_TO_JSON))
  const found = tagOf(toJson) == TAG_OBJECT
  release(toJson)
  return found
}

// A message field whose value's toJSON has been called.
function encodeSettled(field: usize, value: JSValue, key: JSAtom, depth: i32): i32 {
  writeVarint(fieldTag(field))
  const start = beginLength()
  const type = fieldType(field)
  let result: i32
  if (depth >= MAX_DEPTH) result = misfit(TEXT_MISFIT_DEPTH)
  else if (messageFlags(type) & MESSAGE_UNION) result = encodeUnion(type, value, key, depth + 1)
  else if (messageFlags(type) & MESSAGE_WRAPPER) result = encodeWrapped(type, value, key, depth + 1)
  else result = encodeObject(type, value, depth + 1)
  endLength(start)
  return present(result)
}

// Where something has to be written, what JSON.stringify leaves out is left to it.
@inline function present(result: i32): i32 {
  return result == ABSENT ? misfit(TEXT_MISFIT_JSON) : result
}

function encodeWrapped(type: usize, value: JSValue, key: JSAtom, depth: i32): i32 {
  const fields = messageFields(type)
  const flags = fieldFlags(fields)
  const kind = fieldKind(fields)
  if (tagOf(value) == TAG_NULL) return encodeNull(fields, fields)
  if (flags & FLAG_REPEATED) return encodeArray(fields, fields, value, depth)
  if (kind == KIND_MAP) return encodeMap(fields, fields, value, depth)
  if (kind == KIND_MESSAGE && tagOf(value) == TAG_OBJECT) return encodeSettled(fields, value, key, depth)
  return encodeValue(fields, value, key, depth)
}

function encodeArray(field: usize, fields: usize, array: JSValue, depth: i32): i32 {
  if (tagOf(array) != TAG_OBJECT || !JS_IsArray(array)) return misfit(TEXT_MISFIT_ARRAY)
  if (JS_GetLength(context, array, cell + 8) < 0) return THREW
  const length = load<u64>(cell, 8)
  if (length == 0) {
    writePresence(field, fields, PRESENCE_EMPTY)
    return FITS
  }
  return encodeElements(field, array, 0, length, depth)
}

function encodeElements(field: usize, array: JSValue, from: u64, length: u64, depth: i32): i32 {
  const packed = isPackable(fieldKind(field))
  let start: usize = 0
  if (packed) {
    writeVarint(fieldTag(field))
    start = beginLength()
  }
  for (let index = from; index < length; index++) {
    const element = JS_GetPropertyInt64(context, array, index)
    if (isException(element)) return THREW
    const result = encodeElement(field, element, packed, u32(index), depth)
    release(element)
    if (result != FITS) {
      if (result == MISFIT) atIndex(u32(index))
      return result
    }
  }
  if (packed) endLength(start)
  return FITS
}

function encodeElement(field: usize, element: JSValue, packed: bool, index: u32, depth: i32): i32 {
  // In an array, what JSON leaves out of an object is null.
  let value = isJsonAbsent(element) ? NULL : element
  const kind = fieldKind(field)
  if (packed) {
    if (tagOf(value) != TAG_OBJECT) return encodeScalar(field, value)
    // JSON.stringify opens boxes and calls toJSON with the index; rare enough to leave it to it.
    return misfit(kind == KIND_BOOL ? TEXT_MISFIT_BOOLEAN : kind == KIND_ENUM ? TEXT_MISFIT_LITERAL : TEXT_MISFIT_NUMBER)
  }
  if (kind == KIND_JSON) return present(encodeJson(field, value))
  if (tagOf(value) != TAG_OBJECT) return encodeValue(field, value, 0, depth)
  const replaced = applyToJson(value, 0)
  if (isException(replaced)) return THREW
  let result: i32
  if (kind == KIND_MESSAGE) result = encodeSettled(field, isJsonAbsent(replaced) ? NULL : replaced, 0, depth)
  else result = encodeValue(field, replaced, 0, depth)
  release(replaced)
  return result
}

function encodeMap(field: usize, fields: usize, object: JSValue, depth: i32): i32 {
  if (tagOf(object) != TAG_OBJECT || JS_IsArray(object)) return misfit(TEXT_MISFIT_OBJECT)
  const classId = JS_GetClassID(object)
  if (classId >= CLASS_NUMBER && classId <= CLASS_BOOLEAN) return misfit(TEXT_MISFIT_OBJECT)
  if (depth > MAX_DEPTH) return misfit(TEXT_MISFIT_DEPTH)
  if (JS_GetOwnPropertyNames(context, cell, cell + 4, object, NAMES_STRING_ENUMERABLE) < 0) return THREW
  const names = usize(load<u32>(cell))
  const total = load<u32>(cell, 4)
  let written: u32 = 0
  let result = FITS
  for (let at: u32 = 0; at < total; at++) {
    const atom = load<u32>(names + at * 8, 4)
    const value = JS_GetProperty(context, object, atom)
    if (isException(value)) {
      result = THREW
      break
    }
    result = encodeEntry(field, value, atom, depth)
    release(value)
    if (result == ABSENT) {
      result = FITS
      continue
    }
    if (result != FITS) {
      if (result == MISFIT) atProperty(atom)
      break
    }
    written += 1
  }
  JS_FreePropertyEnum(context, names, total)
  if (result == FITS && written == 0) writePresence(field, fields, PRESENCE_EMPTY)
  return result
}

// An entry of a map; nothing is written when it is ABSENT.
function encodeEntry(field: usize, value: JSValue, atom: JSAtom, depth: i32): i32 {
  const before = outputLength
  writeVarint(fieldTag(field))
  const start = beginLength()
  const key = JS_AtomToString(context, atom)
  writeByte(10)
  const wrote = writeString(key, true)
  release(key)
  if (wrote == STRING_EXCEPTION) return THREW
  if (wrote == STRING_SURROGATE) return misfit(TEXT_MISFIT_SURROGATE)
  const type = fieldType(field)
  const result = encodeProperty(type, type, value, atom, depth + 1)
  if (result == ABSENT) truncateOutput(before)
  else endLength(start)
  return result
}

// Tag and value. The value is no null (unless the field is JSON text) and, but for messages, had its toJSON called.
function encodeValue(field: usize, value: JSValue, key: JSAtom, depth: i32): i32 {
  const kind = fieldKind(field)
  if (kind == KIND_STRING) {
    if (!isString(value)) return misfit(TEXT_MISFIT_STRING)
    writeVarint(fieldTag(field))
    const wrote = writeString(value, true)
    if (wrote == STRING_EXCEPTION) return THREW
    return wrote == STRING_SURROGATE ? misfit(TEXT_MISFIT_SURROGATE) : FITS
  }
  if (kind == KIND_MESSAGE) {
    writeVarint(fieldTag(field))
    const start = beginLength()
    const result = encodeMessage(fieldType(field), value, key, depth + 1)
    endLength(start)
    return result
  }
  if (kind == KIND_JSON) return encodeJson(field, value)
  if (kind == KIND_MAP) return misfit(TEXT_MISFIT_OBJECT)
  // Only in requests.
  if (kind == KIND_DATE || kind == KIND_BIGINT) return misfit(TEXT_MISFIT_STRING)
  const before = outputLength
  writeVarint(fieldTag(field))
  const afterTag = outputLength
  const result = encodeScalar(field, value)
  // Without explicit presence a zero is the same as absent.
  if (result == FITS && !(fieldFlags(field) & FLAG_EXPLICIT) && isZero(value) && afterTag > before) truncateOutput(before)
  return result
}

@inline function isZero(value: JSValue): bool {
  return value == 0 || value == (u64(TAG_BOOL) << 32)
}

function encodeScalar(field: usize, value: JSValue): i32 {
  const kind = fieldKind(field)
  if (kind == KIND_DOUBLE) {
    if (!isNumber(value)) return misfit(TEXT_MISFIT_NUMBER)
    writeFixed64(reinterpret<u64>(toNumber(value)))
    return FITS
  }
  if (kind == KIND_BOOL) {
    if (tagOf(value) != TAG_BOOL) return misfit(TEXT_MISFIT_BOOLEAN)
    writeByte(u32(value))
    return FITS
  }
  if (kind != KIND_ENUM) return encodeNumber(kind, value)
  if (!isString(value)) return misfit(TEXT_MISFIT_LITERAL)
  const atom = JS_ValueToAtom(context, value)
  if (atom == 0) return THREW
  const type = fieldType(field)
  let entry = usize(load<u32>(type))
  let result = -1
  for (let left = load<u32>(type, 4); left > 0; left--) {
    if (load<u32>(entry, 4) == atom) {
      writeVarint(load<u32>(entry))
      result = FITS
      break
    }
    entry += 8
  }
  JS_FreeAtom(context, atom)
  return result == FITS ? FITS : misfit(TEXT_MISFIT_LITERAL)
}

// The largest number that has no neighbour to be mistaken for.
@inline const MAX_SAFE_INTEGER: f64 = 9007199254740991.0

function encodeNumber(kind: u32, value: JSValue): i32 {
  if (!isNumber(value)) return misfit(TEXT_MISFIT_NUMBER)
  const number = toNumber(value)
  if (kind == KIND_FLOAT) {
    const float = f32(number)
    if (f64(float) != number && number == number) return misfit(TEXT_MISFIT_INTEGER)
    writeFixed32(reinterpret<u32>(float))
    return FITS
  }
  let least: f64 = 0
  let most = MAX_SAFE_INTEGER
  if (kind == KIND_INT32) {
    least = -2147483648.0
    most = 2147483647.0
  } else if (kind == KIND_UINT32) {
    most = 4294967295.0
  } else if (kind == KIND_INT64) {
    least = -MAX_SAFE_INTEGER
  }
  if (!(number >= least && number <= most && floor(number) == number)) return misfit(TEXT_MISFIT_INTEGER)
  writeVarint64(u64(i64(number)))
  return FITS
}

// The value's JSON text in a string field.
function encodeJson(field: usize, value: JSValue): i32 {
  const text = stringify(value)
  if (isException(text)) return THREW
  if (!isString(text)) {
    release(text)
    return ABSENT
  }
  writeVarint(fieldTag(field))
  const wrote = writeString(text, true)
  release(text)
  if (wrote == STRING_EXCEPTION) return THREW
  return wrote == STRING_SURROGATE ? misfit(TEXT_MISFIT_SURROGATE) : FITS
}

/**
 * Writes the body of a response as the field that the status has in the response message. ABSENT values (undefined) are
 * the caller's business.
 */
export function encodeResponse(message: usize, status: u32, value: JSValue): i32 {
  retries = 0
  let field = messageFields(message)
  let chosen: usize = 0
  for (let left = fieldCount(message); left > 0; left--) {
    const declared = fieldStatus(field)
    if (declared == status) {
      chosen = field
      break
    }
    if (declared == 0) chosen = field
    field += FIELD_SIZE
  }
  if (chosen == 0) return misfit(TEXT_MISFIT_STATUS)
  if (fieldKind(chosen) == KIND_JSON) return present(encodeJson(chosen, value))
  writeVarint(fieldTag(chosen))
  const start = beginLength()
  const result = encodeMessage(fieldType(chosen), value, 0, 1)
  endLength(start)
  return result
}
