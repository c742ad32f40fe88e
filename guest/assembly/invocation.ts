// The request as the JavaScript side gets it, and its reading from protobuf (hono_faasm.v1.Invocation).
//
//   { route, method, url, headers: [name, value, ...] | undefined, body: Uint8Array | undefined,
//     params: (string | undefined)[] | undefined, variables: [name, value, ...] | undefined, input: object | undefined }

import { decodeMessage } from "./decode-message"
import {
  EXCEPTION, JS_Call, JS_NewArrayFrom, JS_NewObjectFrom, JS_NewUint8ArrayCopy, JS_ParseJSON, UNDEFINED, context, isException,
  isUndefined, ofBool, ofInt, ofNumber, release, JSValue,
} from "./engine"
import {
  WIRE_BYTES, cursor, malformed, markMalformed, moveTo, openInput, readBool, readFixed64, readLength, readVarint, skipField,
} from "./input"
import { unavailableFunction } from "./invoke"
import { tooDeepJson } from "./json-depth"
import {
  NAME_BODY, NAME_HEADERS, NAME_INPUT, NAME_METHOD, NAME_PARAMS, NAME_ROUTE, NAME_URL, NAME_VARIABLES, TEXT_GET,
} from "./names"
import { reviveDates } from "./revive-dates"
import { newString, newText } from "./strings"
import { hasRoute, nameAtom, requestOf } from "./tables"
import { drop, push, reserveSlots, setSlot, slot, slotPointer, stackTop } from "./value-stack"

let sentHash: u64 = 0
export let route: u32 = 0
export let timeoutMs: u32 = 0
/** The reply is to tell where the time went. */
export let wantsPhases: bool = false

// The properties of `inv`, in the order of the names in `scratch`.
let method: JSValue = UNDEFINED
let url: JSValue = UNDEFINED
let body: JSValue = UNDEFINED
let headersList: JSValue = UNDEFINED
let paramsList: JSValue = UNDEFINED
let variablesList: JSValue = UNDEFINED
let input: JSValue = UNDEFINED
let scratch: usize = 0

/** 128 bytes of memory. */
export function attachInvocation(memory: usize): void {
  scratch = memory
}

@inline export const INVOCATION_OK: i32 = 0
@inline export const INVOCATION_BAD: i32 = 1
@inline export const INVOCATION_BAD_MESSAGE: i32 = 2
@inline export const INVOCATION_UNKNOWN_ROUTE: i32 = 3
@inline export const INVOCATION_OTHER_SCHEMA: i32 = 4
@inline export const INVOCATION_THREW: i32 = 5

export function resetInvocation(): void {
  sentHash = 0
  route = 0
  timeoutMs = 0
  wantsPhases = false
  method = UNDEFINED
  url = UNDEFINED
  body = UNDEFINED
  headersList = UNDEFINED
  paramsList = UNDEFINED
  variablesList = UNDEFINED
  input = UNDEFINED
}

// The input is read twice: lists of values are gathered in a pass of their own, so that each becomes an array at once.
export function readInvocation(from: usize, end: usize, expectedHash: u64): i32 {
  openInput(from)
  let messageAt: usize = 0
  let messageLength: usize = 0
  let messageJson = false
  let headers: u32 = 0
  let params: u32 = 0
  let variables: u32 = 0
  while (cursor < end) {
    const tag = readVarint(end)
    if (malformed) return INVOCATION_BAD
    if (tag == 0x09) {
      sentHash = readFixed64(end)
      if (!malformed && sentHash != expectedHash) return INVOCATION_OTHER_SCHEMA
    } else if (tag == 0x10) {
      route = readVarint(end)
    } else if (tag == 0x18) {
      timeoutMs = readVarint(end)
    } else if (tag == 0x22) {
      method = replaceString(method, end)
    } else if (tag == 0x2a) {
      url = replaceString(url, end)
    } else if (tag == 0x32) {
      headers += 1
      skipField(WIRE_BYTES, end)
    } else if (tag == 0x3a) {
      const length = readLength(end)
      if (malformed) return INVOCATION_BAD
      release(body)
      body = JS_NewUint8ArrayCopy(context, cursor, length)
      if (isException(body)) return INVOCATION_THREW
      moveTo(cursor + length)
    } else if (tag == 0x42) {
      params += 1
      skipField(WIRE_BYTES, end)
    } else if (tag == 0x52) {
      variables += 1
      skipField(WIRE_BYTES, end)
    } else if (tag == 0x5a || tag == 0x62) {
      messageLength = readLength(end)
      messageAt = cursor
      messageJson = tag == 0x62
      if (!malformed) moveTo(cursor + messageLength)
    } else if (tag == 0x68) {
      wantsPhases = readBool(end)
    } else if (tag >>> 3 == 0) {
      markMalformed()
    } else {
      skipField(tag & 7, end)
    }
    if (malformed) return INVOCATION_BAD
  }
  if (sentHash != expectedHash) return sentHash == 0 ? INVOCATION_BAD : INVOCATION_OTHER_SCHEMA
  if (!hasRoute(route)) return INVOCATION_UNKNOWN_ROUTE
  if (headers != 0 && !(headersList = readPairs(from, end, 0x32, headers, false))) return failed()
  if (params != 0 && !(paramsList = readParams(from, end, params))) return failed()
  if (variables != 0 && !(variablesList = readPairs(from, end, 0x52, variables, true))) return failed()
  if (messageAt != 0) return readMessage(messageAt, messageLength, messageJson)
  return INVOCATION_OK
}

@inline function failed(): i32 {
  return malformed ? INVOCATION_BAD : INVOCATION_THREW
}

function readMessage(at: usize, length: usize, json: bool): i32 {
  const message = requestOf(route)
  if (json) {
    if (tooDeepJson(at, at + length)) return INVOCATION_BAD_MESSAGE
    const after = load<u8>(at + length)
    store<u8>(at + length, 0)
    input = JS_ParseJSON(context, at, length, at + length)
    store<u8>(at + length, after)
    if (!isException(input)) input = reviveDates(message, input)
  } else {
    moveTo(at)
    input = decodeMessage(message, at + length, 1)
  }
  if (!isException(input)) return INVOCATION_OK
  return malformed ? INVOCATION_BAD_MESSAGE : INVOCATION_THREW
}

function replaceString(old: JSValue, end: usize): JSValue {
  const length = readLength(end)
  if (malformed) return old
  release(old)
  const value = newString(cursor, length)
  moveTo(cursor + length)
  return value
}

// A Header or a Variable per field with this tag -> [name, value, name, value, ...]; 0 on failure.
function readPairs(from: usize, end: usize, tag: u32, count: u32, variables: bool): JSValue {
  if (!reserveSlots(count * 2)) return 0
  const first = stackTop()
  moveTo(from)
  while (cursor < end) {
    const found = readVarint(end)
    if (found != tag) {
      skipField(found & 7, end)
      if (malformed) return 0
      continue
    }
    const length = readLength(end)
    if (malformed) return 0
    const stop = cursor + length
    const name = stackTop()
    push(UNDEFINED)
    push(UNDEFINED)
    while (cursor < stop) {
      const inner = readVarint(stop)
      if (malformed) return 0
      let value: JSValue
      let at = name + 1
      if (inner == 0x0a) {
        at = name
        value = readText(stop)
      } else if (inner == 0x12) {
        value = readText(stop)
      } else if (variables && inner >= 0x19 && inner <= 0x32) {
        value = readVariable(inner, stop, slot(name))
      } else {
        skipField(inner & 7, stop)
        if (malformed) return 0
        continue
      }
      if (isException(value)) return 0
      release(slot(at))
      setSlot(at, value)
    }
    if (isUndefined(slot(name))) setSlot(name, newString(scratch, 0))
    // An empty header value is not on the wire.
    if (!variables && isUndefined(slot(name + 1))) setSlot(name + 1, newString(scratch, 0))
  }
  return takeArray(first)
}

function takeArray(first: u32): JSValue {
  const array = JS_NewArrayFrom(context, stackTop() - first, slotPointer(first))
  drop(first)
  return isException(array) ? 0 : array
}

function readText(end: usize): JSValue {
  const length = readLength(end)
  if (malformed) return EXCEPTION
  const value = newString(cursor, length)
  moveTo(cursor + length)
  return value
}

function readVariable(tag: u32, end: usize, name: JSValue): JSValue {
  if (tag == 0x19) {
    const bits = readFixed64(end)
    return malformed ? EXCEPTION : ofNumber(reinterpret<f64>(bits))
  }
  if (tag == 0x20) return ofBool(readBool(end))
  if (tag != 0x2a && tag != 0x32) {
    markMalformed()
    return EXCEPTION
  }
  const length = readLength(end)
  if (malformed) return EXCEPTION
  const from = cursor
  moveTo(from + length)
  if (tag == 0x32) return makeUnavailable(name, newString(from, length))
  if (tooDeepJson(from, from + length)) {
    markMalformed()
    return EXCEPTION
  }
  const after = load<u8>(from + length)
  store<u8>(from + length, 0)
  const value = JS_ParseJSON(context, from, length, from + length)
  store<u8>(from + length, after)
  if (isException(value)) markMalformed()
  return value
}

/** What a handler finds in place of a variable that could not leave the gateway. Takes `type`, not `name`. */
export function makeUnavailable(name: JSValue, type: JSValue): JSValue {
  store<u64>(scratch, name)
  store<u64>(scratch + 8, type)
  const value = JS_Call(context, unavailableFunction, UNDEFINED, 2, scratch)
  release(type)
  return value
}

function readParams(from: usize, end: usize, count: u32): JSValue {
  if (!reserveSlots(count)) return 0
  const first = stackTop()
  moveTo(from)
  while (cursor < end) {
    const tag = readVarint(end)
    if (tag == 0x42) {
      const value = readText(end)
      if (isException(value)) return 0
      push(value)
    } else {
      skipField(tag & 7, end)
      if (malformed) return 0
    }
  }
  // Those that did not match at all.
  moveTo(from)
  while (cursor < end) {
    const tag = readVarint(end)
    if (tag == 0x48) {
      takeAway(first, count, readVarint(end))
    } else if (tag == 0x4a) {
      const length = readLength(end)
      if (malformed) return 0
      const stop = cursor + length
      while (cursor < stop) {
        takeAway(first, count, readVarint(stop))
        if (malformed) return 0
      }
    } else {
      skipField(tag & 7, end)
      if (malformed) return 0
    }
  }
  return takeArray(first)
}

function takeAway(first: u32, count: u32, index: u32): void {
  if (index >= count) {
    markMalformed()
    return
  }
  release(slot(first + index))
  setSlot(first + index, UNDEFINED)
}

/** For the JSON form, which reads the parts in its own way. */
export function setInvocation(
  sentRoute: u32, sentTimeout: u32, sentMethod: JSValue, sentUrl: JSValue, headers: JSValue, sentBody: JSValue, params: JSValue,
  variables: JSValue, sentInput: JSValue,
): void {
  route = sentRoute
  timeoutMs = sentTimeout
  method = sentMethod
  url = sentUrl
  headersList = headers
  body = sentBody
  paramsList = params
  variablesList = variables
  input = sentInput
}

/** The object that `__honoFaasm.invoke` gets; the parts go into it. */
export function makeInvocation(): JSValue {
  if (isUndefined(method)) method = newText(TEXT_GET)
  const atoms = scratch
  const values = scratch + 32
  property(0, NAME_ROUTE, ofInt(route))
  property(1, NAME_METHOD, method)
  property(2, NAME_URL, url)
  property(3, NAME_HEADERS, headersList)
  property(4, NAME_BODY, body)
  property(5, NAME_PARAMS, paramsList)
  property(6, NAME_VARIABLES, variablesList)
  property(7, NAME_INPUT, input)
  return JS_NewObjectFrom(context, 8, atoms, values)
}

@inline function property(index: usize, name: u32, value: JSValue): void {
  store<u32>(scratch + index * 4, nameAtom(name))
  store<u64>(scratch + 32 + index * 8, value)
}
