// The JSON form of Invocation and Reply, for hosts whose output must be text. It is read and written with
// the engine's own JSON.

import {
  EXCEPTION, JS_DefinePropertyValue, JS_DefinePropertyValueUint32, JS_FreeCString, JS_GetPropertyInt64, JS_NewArrayFrom,
  JS_NewObject, JS_NewUint8ArrayCopy, JS_ParseJSON, JS_ToCStringLen2, JS_ToString, PROP_C_W_E, TAG_BOOL, TAG_NULL, TRUE,
  UNDEFINED, context, dropException, free, isException, isNumber, isObject, isString, isUndefined, malloc, ofInt, release,
  stringify, tagOf, JSValue,
} from "./engine"
import { FAILURE_OUT_OF_MEMORY, FAILURE_THROWN, equalsText, failureKind, failureText, thrown } from "./failure"
import {
  INVOCATION_BAD, INVOCATION_BAD_MESSAGE, INVOCATION_OK, INVOCATION_OTHER_SCHEMA, INVOCATION_UNKNOWN_ROUTE, makeUnavailable,
  setInvocation,
} from "./invocation"
import { tooDeepJson } from "./json-depth"
import {
  NAME_ABSENT_PARAMS, NAME_BODY, NAME_BODY_JSON, NAME_BOOLEAN, NAME_FAILURE, NAME_HEADERS, NAME_JSON, NAME_KIND,
  NAME_MESSAGE, NAME_MESSAGE_JSON, NAME_METHOD, NAME_MODE, NAME_NAME, NAME_NOT_FOUND, NAME_NUMBER, NAME_PARAMS, NAME_PLAIN,
  NAME_RAW, NAME_ROUTE, NAME_SCHEMA_HASH, NAME_STACK, NAME_STATUS, NAME_TEXT, NAME_THROWN, NAME_TIMEOUT_MS, NAME_UNAVAILABLE,
  NAME_URL, NAME_VALUE, NAME_VARIABLES, TEXT_ENGINE_OUT_OF_MEMORY, TEXT_OUT_OF_MEMORY,
} from "./names"
import { outputBase, outputLength, reserve, resetOutput, truncateOutput } from "./output"
import {
  KIND_BYTES, KIND_JSON_VALUE, KIND_NOT_FOUND, KIND_TEXT, REPLY_BAD, REPLY_OK, REPLY_THREW, bytesLength, bytesOf, get,
  getBool, getInt, isPlainData, lengthOf, toWhole, typeName,
} from "./reply"
import { reviveDates } from "./revive-dates"
import { STRING_OK, newString, newText, writeText } from "./strings"
import { hasRoute, nameAtom, requestOf, schemaHash } from "./tables"
import { push, reserveSlots, slotPointer, stackTop } from "./value-stack"

let cell: usize = 0

/** 32 bytes of memory. */
export function attachJsonForm(memory: usize): void {
  cell = memory
}

// Reading.

export function readJsonInvocation(ptr: usize, length: usize, expectedHash: u64): i32 {
  if (tooDeepJson(ptr, ptr + length)) return INVOCATION_BAD
  const sent = JS_ParseJSON(context, ptr, length, ptr + length)
  if (!isObject(sent)) {
    dropException()
    return INVOCATION_BAD
  }
  const hash = get(sent, NAME_SCHEMA_HASH)
  if (!isString(hash)) return INVOCATION_BAD
  const same = parseHash(hash)
  if (same == 0) return INVOCATION_BAD
  if (same != expectedHash) return INVOCATION_OTHER_SCHEMA
  const route = whole(get(sent, NAME_ROUTE))
  const timeoutMs = whole(get(sent, NAME_TIMEOUT_MS))
  if (route < 0 || timeoutMs < 0) return INVOCATION_BAD
  if (!hasRoute(route)) return INVOCATION_UNKNOWN_ROUTE
  const method = get(sent, NAME_METHOD)
  const url = get(sent, NAME_URL)
  if (!isText(method) || !isText(url)) return INVOCATION_BAD
  const headers = readList(sent, NAME_HEADERS, LIST_HEADERS)
  const params = readList(sent, NAME_PARAMS, LIST_PARAMS)
  const variables = readList(sent, NAME_VARIABLES, LIST_VARIABLES)
  const body = readBody(get(sent, NAME_BODY))
  if (isException(headers) || isException(params) || isException(variables) || isException(body)) return INVOCATION_BAD
  if (!takeAbsent(sent, params)) return INVOCATION_BAD
  let input = get(sent, NAME_MESSAGE_JSON)
  if (!isUndefined(input)) {
    input = reviveDates(requestOf(route), input)
    if (isException(input)) return INVOCATION_BAD_MESSAGE
  }
  setInvocation(route, timeoutMs, method, url, headers, body, params, variables, input)
  release(sent)
  return INVOCATION_OK
}

@inline function isText(value: JSValue): bool {
  return isUndefined(value) || isString(value)
}

// A whole number that is not negative, 0 for undefined, else -1.
function whole(value: JSValue): i32 {
  if (isUndefined(value)) return 0
  const number = toWhole(value)
  release(value)
  return number
}

function parseHash(text: JSValue): u64 {
  const ptr = JS_ToCStringLen2(context, cell, text, 0)
  if (ptr == 0) return 0
  let hash: u64 = 0
  if (load<u32>(cell) == 16) {
    for (let at: usize = 0; at < 16; at++) {
      const char = u32(load<u8>(ptr + at))
      let digit: u32 = 0
      if (char >= 0x30 && char <= 0x39) digit = char - 0x30
      else if (char >= 0x61 && char <= 0x66) digit = char - 0x57
      else {
        hash = 0
        break
      }
      hash = (hash << 4) | digit
    }
  }
  JS_FreeCString(context, ptr)
  return hash
}

@inline const LIST_HEADERS: i32 = 0
@inline const LIST_PARAMS: i32 = 1
@inline const LIST_VARIABLES: i32 = 2

// The list of a property in the form that `inv` has it: undefined when there is none, an exception when it is no such list.
function readList(sent: JSValue, name: u32, form: i32): JSValue {
  const list = get(sent, name)
  if (isUndefined(list)) return UNDEFINED
  const length = lengthOf(list)
  if (length < 0 || !reserveSlots(u32(length) * 2)) return EXCEPTION
  const first = stackTop()
  for (let index = 0; index < length; index++) {
    const entry = JS_GetPropertyInt64(context, list, index)
    if (form == LIST_PARAMS) {
      if (!isString(entry)) return EXCEPTION
      push(entry)
      continue
    }
    if (!isObject(entry)) return EXCEPTION
    const entryName = get(entry, NAME_NAME)
    if (!isString(entryName)) return EXCEPTION
    push(entryName)
    const value = form == LIST_HEADERS ? get(entry, NAME_VALUE) : readVariable(entry, entryName)
    if (isException(value) || (form == LIST_HEADERS && !isString(value))) return EXCEPTION
    push(value)
    release(entry)
  }
  release(list)
  return JS_NewArrayFrom(context, stackTop() - first, slotPointer(first))
}

function readVariable(entry: JSValue, name: JSValue): JSValue {
  const text = get(entry, NAME_TEXT)
  if (isString(text)) return text
  const number = get(entry, NAME_NUMBER)
  if (isNumber(number)) return number
  const boolean = get(entry, NAME_BOOLEAN)
  if (tagOf(boolean) == TAG_BOOL) return boolean
  const type = get(entry, NAME_UNAVAILABLE)
  if (isString(type)) return makeUnavailable(name, type)
  return get(entry, NAME_JSON)
}

function takeAbsent(sent: JSValue, params: JSValue): bool {
  const list = get(sent, NAME_ABSENT_PARAMS)
  if (isUndefined(list)) return true
  const length = lengthOf(list)
  const count = lengthOf(params)
  if (length < 0) return false
  for (let index = 0; index < length; index++) {
    const at = whole(JS_GetPropertyInt64(context, list, index))
    if (at < 0 || at >= count) return false
    if (JS_DefinePropertyValueUint32(context, params, u32(at), UNDEFINED, PROP_C_W_E) < 0) return false
  }
  release(list)
  return true
}

function readBody(base64: JSValue): JSValue {
  if (isUndefined(base64)) return UNDEFINED
  if (!isString(base64)) return EXCEPTION
  const ptr = JS_ToCStringLen2(context, cell, base64, 0)
  if (ptr == 0) return EXCEPTION
  let length = usize(load<u32>(cell))
  while (length > 0 && load<u8>(ptr + length - 1) == 0x3d) length -= 1
  const bytes = malloc((length * 3) / 4 + 1)
  if (bytes == 0) return EXCEPTION
  let at = bytes
  let bits: u32 = 0
  let held = 0
  for (let index: usize = 0; index < length; index++) {
    const digit = fromBase64(load<u8>(ptr + index))
    if (digit > 63) return EXCEPTION
    bits = (bits << 6) | digit
    held += 6
    if (held >= 8) {
      held -= 8
      store<u8>(at, bits >>> held)
      at += 1
    }
  }
  const body = JS_NewUint8ArrayCopy(context, bytes, at - bytes)
  free(bytes)
  JS_FreeCString(context, ptr)
  release(base64)
  return body
}

function fromBase64(char: u32): u32 {
  if (char >= 0x41 && char <= 0x5a) return char - 0x41
  if (char >= 0x61 && char <= 0x7a) return char - 0x47
  if (char >= 0x30 && char <= 0x39) return char + 4
  if (char == 0x2b) return 62
  return char == 0x2f ? 63 : 64
}

function toBase64(digit: u32): u32 {
  if (digit < 26) return digit + 0x41
  if (digit < 52) return digit + 0x47
  if (digit < 62) return digit - 4
  return digit == 62 ? 0x2b : 0x2f
}

// Writing.

@inline function set(object: JSValue, name: u32, value: JSValue): void {
  JS_DefinePropertyValue(context, object, nameAtom(name), value, PROP_C_W_E)
}

function beginReply(): JSValue {
  resetOutput()
  const reply = JS_NewObject(context)
  for (let at: usize = 0; at < 16; at++) {
    const digit = u32(schemaHash() >> (60 - at * 4)) & 15
    store<u8>(cell + at, digit + (digit < 10 ? 0x30 : 0x57))
  }
  set(reply, NAME_SCHEMA_HASH, newString(cell, 16))
  return reply
}

function endReply(reply: JSValue): i32 {
  const text = stringify(reply)
  release(reply)
  if (!isString(text)) return REPLY_THREW
  const wrote = writeText(text)
  release(text)
  return wrote == STRING_OK ? REPLY_OK : REPLY_THREW
}

export function writeJsonReply(reply: JSValue): i32 {
  if (!isObject(reply)) return REPLY_BAD
  const answer = beginReply()
  const failure = get(reply, NAME_FAILURE)
  if (isObject(failure)) {
    const message = get(failure, NAME_MESSAGE)
    if (isString(message) && equalsText(message, TEXT_ENGINE_OUT_OF_MEMORY)) {
      set(failure, NAME_KIND, ofInt(FAILURE_OUT_OF_MEMORY))
      set(failure, NAME_MESSAGE, newText(TEXT_OUT_OF_MEMORY))
    }
    release(message)
    set(answer, NAME_FAILURE, failure)
    return endReply(answer)
  }
  const kind = getInt(reply, NAME_KIND)
  if (kind < 0 || kind > KIND_NOT_FOUND) return REPLY_BAD
  if (kind == KIND_NOT_FOUND) set(answer, NAME_NOT_FOUND, TRUE)
  const status = getInt(reply, NAME_STATUS)
  if (status > 0) set(answer, NAME_STATUS, ofInt(status))
  const headers = writeHeaders(get(reply, NAME_HEADERS))
  if (isException(headers)) return REPLY_BAD
  set(answer, NAME_HEADERS, headers)
  const body = get(reply, NAME_BODY)
  if (kind == KIND_JSON_VALUE) {
    // JSON.stringify(undefined): c.json() makes it an empty body.
    if (isUndefined(body)) set(answer, NAME_RAW, newString(cell, 0))
    else set(answer, NAME_BODY_JSON, body)
  } else if (kind == KIND_BYTES || kind == KIND_TEXT) {
    const raw = writeRaw(body, kind)
    if (isException(raw)) return REPLY_BAD
    set(answer, NAME_RAW, raw)
  }
  if (getBool(reply, NAME_PLAIN)) set(answer, NAME_PLAIN, TRUE)
  const variables = get(reply, NAME_VARIABLES)
  if (isObject(variables)) set(answer, NAME_VARIABLES, writeVariables(variables))
  set(answer, NAME_THROWN, get(reply, NAME_THROWN))
  return endReply(answer)
}

function writeHeaders(headers: JSValue): JSValue {
  if (isUndefined(headers)) return UNDEFINED
  const length = lengthOf(headers)
  if (length < 0 || length % 3 != 0 || !reserveSlots(u32(length / 3))) return EXCEPTION
  const first = stackTop()
  for (let index = 0; index < length; index += 3) {
    const entry = JS_NewObject(context)
    set(entry, NAME_NAME, JS_GetPropertyInt64(context, headers, index))
    set(entry, NAME_VALUE, JS_GetPropertyInt64(context, headers, index + 1))
    const mode = JS_GetPropertyInt64(context, headers, index + 2)
    if (mode != 0) set(entry, NAME_MODE, mode)
    push(entry)
  }
  release(headers)
  return JS_NewArrayFrom(context, stackTop() - first, slotPointer(first))
}

function writeRaw(body: JSValue, kind: i32): JSValue {
  let ptr: usize
  let length: usize
  const before = outputLength
  if (kind == KIND_TEXT) {
    if (!isString(body) || writeText(body) != STRING_OK) return EXCEPTION
    length = outputLength - before
    if (!reserve((length * 4) / 3 + 4)) return EXCEPTION
    ptr = outputBase + before
  } else {
    ptr = bytesOf(body)
    if (ptr == 0) return EXCEPTION
    length = bytesLength()
    if (!reserve((length * 4) / 3 + 4)) return EXCEPTION
  }
  const target = outputBase + outputLength
  let at = target
  for (let index: usize = 0; index < length; index += 3) {
    const second = index + 1 < length
    const third = index + 2 < length
    const bits = (u32(load<u8>(ptr + index)) << 16) | (second ? u32(load<u8>(ptr + index + 1)) << 8 : 0) | (third ? u32(load<u8>(ptr + index + 2)) : 0)
    store<u8>(at, toBase64(bits >>> 18))
    store<u8>(at, toBase64((bits >>> 12) & 63), 1)
    store<u8>(at, second ? toBase64((bits >>> 6) & 63) : 0x3d, 2)
    store<u8>(at, third ? toBase64(bits & 63) : 0x3d, 3)
    at += 4
  }
  const raw = newString(target, at - target)
  truncateOutput(before)
  release(body)
  return raw
}

function writeVariables(variables: JSValue): JSValue {
  const length = lengthOf(variables)
  if (length < 0 || !reserveSlots(u32(length))) return UNDEFINED
  const first = stackTop()
  for (let index = 0; index + 1 < length; index += 2) {
    const value = JS_GetPropertyInt64(context, variables, index + 1)
    if (isUndefined(value)) continue
    const entry = JS_NewObject(context)
    set(entry, NAME_NAME, JS_GetPropertyInt64(context, variables, index))
    if (isString(value)) set(entry, NAME_TEXT, value)
    else if (isNumber(value)) set(entry, NAME_NUMBER, value)
    else if (tagOf(value) == TAG_BOOL) set(entry, NAME_BOOLEAN, value)
    else if (tagOf(value) == TAG_NULL || isJson(value)) set(entry, NAME_JSON, value)
    else {
      set(entry, NAME_UNAVAILABLE, typeName(value))
      release(value)
    }
    push(entry)
  }
  return JS_NewArrayFrom(context, stackTop() - first, slotPointer(first))
}

// Whether JSON.stringify takes it: one cycle must not take the whole reply with it.
function isJson(value: JSValue): bool {
  if (!isPlainData(value)) return false
  const text = stringify(value)
  if (isException(text)) dropException()
  const taken = isString(text)
  release(text)
  return taken
}

/** Writes `failureKind` and what explains it in place of anything written so far. */
export function writeJsonFailure(): void {
  const answer = beginReply()
  const failure = JS_NewObject(context)
  set(failure, NAME_KIND, ofInt(failureKind))
  if (failureKind == FAILURE_THROWN) {
    const text = JS_ToString(context, thrown)
    if (isString(text)) set(failure, NAME_MESSAGE, text)
    else dropException()
    if (isObject(thrown)) {
      const stack = get(thrown, NAME_STACK)
      if (isString(stack)) set(failure, NAME_STACK, stack)
      else dropException()
    }
  } else {
    set(failure, NAME_MESSAGE, newText(failureText))
  }
  set(answer, NAME_FAILURE, failure)
  endReply(answer)
}
