// The answer, written as protobuf (hono_faasm.v1.Reply), from what the JavaScript side gave:
//
//   { status, headers: [name, value, mode, ...], kind: 0 none | 1 JSON value | 2 bytes | 3 text | 4 not found, body, plain,
//     variables: [name, value, ...] | undefined, thrown: { name, message, stack } | undefined,
//     failure: { kind, message, stack } | undefined }

import { FITS, THREW, encodeResponse } from "./encode-message"
import {
  CLASS_OBJECT, JS_GetClassID, JS_GetLength, JS_GetProperty, JS_GetPropertyInt64, JS_GetUint8Array, JS_GetArrayBuffer,
  JS_IsArray, JS_IsArrayBuffer, JS_IsFunction, JS_ToBool, JS_ToString, TAG_BOOL, TAG_NULL, TAG_OBJECT, context,
  dropException, isException, isNumber, isObject, isString, isUndefined, release, stringify, tagOf, toNumber, JSValue,
} from "./engine"
import { FAILURE_OUT_OF_MEMORY, FAILURE_THROWN, equalsText, failureKind, failureText, thrown } from "./failure"
import { misfitPath, misfitPathLength, misfitText } from "./misfit"
import {
  NAME_BODY, NAME_CONSTRUCTOR, NAME_FAILURE, NAME_HEADERS, NAME_KIND, NAME_MESSAGE, NAME_NAME, NAME_PLAIN, NAME_STACK,
  NAME_STATUS, NAME_THROWN, NAME_VARIABLES, TEXT_ENGINE_OUT_OF_MEMORY, TEXT_FUNCTION, TEXT_OBJECT, TEXT_OUT_OF_MEMORY,
  TEXT_PRIMITIVE,
} from "./names"
import {
  beginLength, endLength, outputLength, resetOutput, truncateOutput, writeByte, writeBytes, writeFixed64, writeVarint,
} from "./output"
import { STRING_OK, newText, writeString } from "./strings"
import { nameAtom, responseOf, schemaHash, textLength, textPointer } from "./tables"

@inline export const KIND_JSON_VALUE: i32 = 1
@inline export const KIND_BYTES: i32 = 2
@inline export const KIND_TEXT: i32 = 3
@inline export const KIND_NOT_FOUND: i32 = 4

@inline export const REPLY_OK: i32 = 0
// Not a reply at all.
@inline export const REPLY_BAD: i32 = 1
// The engine has a pending exception, from making JSON of the body.
@inline export const REPLY_THREW: i32 = 2

let cell: usize = 0

export function attachReply(memory: usize): void {
  cell = memory
}

@inline export function get(object: JSValue, name: u32): JSValue {
  return JS_GetProperty(context, object, nameAtom(name))
}

/** A whole number that is not negative (the engine's JSON makes doubles of all numbers); else -1. */
export function toWhole(value: JSValue): i32 {
  if (!isNumber(value)) return -1
  const number = toNumber(value)
  return number >= 0 && number <= 2147483647.0 && f64(i32(number)) == number ? i32(number) : -1
}

/** The whole number of a property; -1 when it is none. */
export function getInt(object: JSValue, name: u32): i32 {
  const value = get(object, name)
  const number = toWhole(value)
  release(value)
  return number
}

export function getBool(object: JSValue, name: u32): bool {
  const value = get(object, name)
  const result = JS_ToBool(context, value) > 0
  release(value)
  return result
}

function begin(): void {
  resetOutput()
  writeByte(0x09)
  writeFixed64(schemaHash())
}

export function writeReply(reply: JSValue, route: u32): i32 {
  begin()
  if (!isObject(reply)) return REPLY_BAD
  const failure = get(reply, NAME_FAILURE)
  if (isObject(failure)) {
    writeByte(0x52)
    writeFailureObject(failure)
    return REPLY_OK
  }
  const kind = getInt(reply, NAME_KIND)
  if (kind < 0 || kind > KIND_NOT_FOUND) return REPLY_BAD
  if (kind == KIND_NOT_FOUND) {
    writeByte(0x60)
    writeByte(1)
  }
  const status = getInt(reply, NAME_STATUS)
  if (status > 0) {
    writeByte(0x10)
    writeVarint(status)
  }
  const headers = get(reply, NAME_HEADERS)
  if (!writeHeaders(headers)) return REPLY_BAD
  release(headers)
  const body = get(reply, NAME_BODY)
  const result = writeBody(kind, body, route, status > 0 ? status : 200)
  release(body)
  if (result != REPLY_OK) return result
  if (getBool(reply, NAME_PLAIN)) {
    writeByte(0x38)
    writeByte(1)
  }
  const variables = get(reply, NAME_VARIABLES)
  if (isObject(variables) && !writeVariables(variables)) return REPLY_THREW
  release(variables)
  const error = get(reply, NAME_THROWN)
  if (isObject(error)) {
    writeByte(0x4a)
    writeError(error, 0x0a, 0x12, 0x1a)
  }
  release(error)
  return REPLY_OK
}

/** After the reply itself: where the time went, given in nanoseconds. */
export function writePhases(handler: u64, encode: u64): void {
  writeByte(0x6a)
  const start = beginLength()
  writeByte(0x09)
  writeFixed64(reinterpret<u64>(f64(handler) / 1e3))
  writeByte(0x11)
  writeFixed64(reinterpret<u64>(f64(encode) / 1e3))
  endLength(start)
}

function writeBody(kind: i32, body: JSValue, route: u32, status: u32): i32 {
  if (kind == KIND_JSON_VALUE) return writeJsonBody(body, route, status)
  if (kind == KIND_BYTES) {
    const ptr = bytesOf(body)
    if (ptr == 0) return REPLY_BAD
    writeByte(0x2a)
    const length = usize(load<u32>(cell))
    writeVarint(u32(length))
    writeBytes(ptr, length)
  } else if (kind == KIND_TEXT) {
    if (!isString(body)) return REPLY_BAD
    writeByte(0x2a)
    if (writeString(body, false) != STRING_OK) return REPLY_THREW
  }
  return REPLY_OK
}

/** The bytes of a Uint8Array or an ArrayBuffer, their length in `bytesLength`; 0 when it is neither. */
export function bytesOf(value: JSValue): usize {
  store<u32>(cell, 0)
  const ptr = JS_IsArrayBuffer(value) ? JS_GetArrayBuffer(context, cell, value) : JS_GetUint8Array(context, cell, value)
  if (ptr != 0) return ptr
  if (JS_IsArrayBuffer(value)) return cell
  dropException()
  return 0
}

@inline export function bytesLength(): usize {
  return usize(load<u32>(cell))
}

function writeJsonBody(body: JSValue, route: u32, status: u32): i32 {
  const before = outputLength
  writeByte(0x22)
  const start = beginLength()
  const result = encodeResponse(responseOf(route), status, body)
  if (result == FITS) {
    endLength(start)
    return REPLY_OK
  }
  truncateOutput(before)
  if (result == THREW) return REPLY_THREW
  const text = stringify(body)
  if (isException(text)) return REPLY_THREW
  if (isString(text)) {
    writeByte(0x32)
    if (writeString(text, false) != STRING_OK) return REPLY_THREW
    writeByte(0x5a)
    const reason = beginLength()
    writeByte(0x24)
    writeBytes(misfitPath(), misfitPathLength())
    writeByte(0x3a)
    writeByte(0x20)
    writeBytes(textPointer(misfitText), textLength(misfitText))
    endLength(reason)
  } else {
    // JSON.stringify(undefined): c.json() makes it an empty body.
    writeByte(0x2a)
    writeByte(0)
  }
  release(text)
  return REPLY_OK
}

export function lengthOf(array: JSValue): i32 {
  if (!isObject(array) || !JS_IsArray(array) || JS_GetLength(context, array, cell) < 0) return -1
  return i32(min(load<u64>(cell), 0x7fffffff))
}

function writeHeaders(headers: JSValue): bool {
  if (isUndefined(headers)) return true
  const length = lengthOf(headers)
  if (length < 0 || length % 3 != 0) return false
  for (let index = 0; index < length; index += 3) {
    writeByte(0x1a)
    const start = beginLength()
    if (!writeElement(headers, index, 0x0a) || !writeElement(headers, index + 1, 0x12)) return false
    const mode = toWhole(JS_GetPropertyInt64(context, headers, index + 2))
    if (mode > 0) {
      writeByte(0x18)
      writeVarint(mode)
    }
    endLength(start)
  }
  return true
}

function writeElement(array: JSValue, index: i32, tag: u32): bool {
  const value = JS_GetPropertyInt64(context, array, index)
  if (!isString(value)) return false
  writeByte(tag)
  const wrote = writeString(value, false)
  release(value)
  return wrote == STRING_OK
}

function writeVariables(variables: JSValue): bool {
  const length = lengthOf(variables)
  for (let index = 0; index + 1 < length; index += 2) {
    const value = JS_GetPropertyInt64(context, variables, index + 1)
    const before = outputLength
    writeByte(0x42)
    const start = beginLength()
    if (!writeElement(variables, index, 0x0a)) return false
    const wrote = writeVariable(value)
    release(value)
    if (wrote < 0) return false
    if (wrote == 0) truncateOutput(before)
    else endLength(start)
  }
  return true
}

// 1 written, 0 there is nothing to write (undefined), -1 the engine has a pending exception.
function writeVariable(value: JSValue): i32 {
  const tag = tagOf(value)
  if (isUndefined(value)) return 0
  if (isString(value)) {
    writeByte(0x12)
    return writeString(value, false) == STRING_OK ? 1 : -1
  }
  if (isNumber(value)) {
    writeByte(0x19)
    writeFixed64(reinterpret<u64>(toNumber(value)))
    return 1
  }
  if (tag == TAG_BOOL) {
    writeByte(0x20)
    writeByte(u32(value))
    return 1
  }
  if (tag == TAG_NULL || isPlainData(value)) {
    const text = stringify(value)
    if (isString(text)) {
      writeByte(0x2a)
      const wrote = writeString(text, false)
      release(text)
      return wrote == STRING_OK ? 1 : -1
    }
    // It has a cycle or a BigInt.
    dropException()
  }
  const type = typeName(value)
  writeByte(0x32)
  const wrote = writeString(type, false)
  release(type)
  return wrote == STRING_OK ? 1 : -1
}

/** Object literals and arrays: what JSON text says all of. */
export function isPlainData(value: JSValue): bool {
  if (tagOf(value) != TAG_OBJECT) return false
  if (JS_IsArray(value)) return true
  if (JS_GetClassID(value) != CLASS_OBJECT) return false
  const constructor = get(value, NAME_CONSTRUCTOR)
  if (!isObject(constructor)) {
    release(constructor)
    return true
  }
  const name = get(constructor, NAME_NAME)
  const plain = isString(name) && equalsText(name, TEXT_OBJECT)
  release(name)
  release(constructor)
  return plain
}

/** The name of its class, for a person; a string that the caller owns. */
export function typeName(value: JSValue): JSValue {
  if (isObject(value)) {
    if (JS_IsFunction(context, value)) return newText(TEXT_FUNCTION)
    const constructor = get(value, NAME_CONSTRUCTOR)
    if (isObject(constructor)) {
      const name = get(constructor, NAME_NAME)
      release(constructor)
      if (isString(name)) return name
      release(name)
    } else {
      release(constructor)
      dropException()
    }
    return newText(TEXT_OBJECT)
  }
  return newText(TEXT_PRIMITIVE)
}

function writeError(error: JSValue, nameTag: u32, messageTag: u32, stackTag: u32): void {
  const start = beginLength()
  if (nameTag != 0) writeProperty(error, NAME_NAME, nameTag)
  writeProperty(error, NAME_MESSAGE, messageTag)
  writeProperty(error, NAME_STACK, stackTag)
  endLength(start)
}

function writeProperty(object: JSValue, name: u32, tag: u32): void {
  const value = get(object, name)
  if (isString(value)) {
    writeByte(tag)
    writeString(value, false)
  } else if (isException(value)) {
    dropException()
  }
  release(value)
}

function writeFailureObject(failure: JSValue): void {
  const start = beginLength()
  const kind = getInt(failure, NAME_KIND)
  writeByte(0x08)
  const message = get(failure, NAME_MESSAGE)
  const outOfMemory = isString(message) && equalsText(message, TEXT_ENGINE_OUT_OF_MEMORY)
  release(message)
  if (outOfMemory) {
    writeVarint(FAILURE_OUT_OF_MEMORY)
    writeTextField(0x12, TEXT_OUT_OF_MEMORY)
  } else {
    writeVarint(kind > 0 ? kind : FAILURE_THROWN)
    writeProperty(failure, NAME_MESSAGE, 0x12)
    writeProperty(failure, NAME_STACK, 0x1a)
  }
  endLength(start)
}

function writeTextField(tag: u32, text: u32): void {
  writeByte(tag)
  writeVarint(u32(textLength(text)))
  writeBytes(textPointer(text), textLength(text))
}

/** Writes `failureKind` and what explains it in place of anything written so far. */
export function writeFailure(): void {
  begin()
  writeByte(0x52)
  const start = beginLength()
  writeByte(0x08)
  writeVarint(failureKind)
  if (failureKind == FAILURE_THROWN) {
    const text = JS_ToString(context, thrown)
    if (isString(text)) {
      writeByte(0x12)
      writeString(text, false)
    } else {
      dropException()
    }
    release(text)
    if (isObject(thrown)) writeProperty(thrown, NAME_STACK, 0x1a)
  } else {
    writeTextField(0x12, failureText)
  }
  endLength(start)
}
