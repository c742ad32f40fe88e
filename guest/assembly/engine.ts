// QuickJS as the glue sees it: the C functions it calls, and how a JSValue is built.
//
// A JSValue is NaN-boxed in an i64: the tag in the upper half, an int or a pointer in the lower half;
// any other upper half is a double, shifted by FLOAT64_ADDEND. Tags with a reference count are
// negative. Counting goes through JS_DupValue and JS_FreeValue, never by hand. `verifyEngine` checks at
// build time that the engine agrees with the constants here.
//
// Nothing in this directory may need a data segment (string literals, array literals, classes on the
// heap): it would be placed inside QuickJS's stack. Text comes from the tables that the build
// copies in, see tables.ts.

export type JSValue = u64
export type JSAtom = u32

@external("quickjs", "JS_FreeValue") declare function JS_FreeValue(ctx: usize, v: JSValue): void
@external("quickjs", "JS_DupValue") export declare function JS_DupValue(ctx: usize, v: JSValue): JSValue
@external("quickjs", "JS_NewStringLen") export declare function JS_NewStringLen(ctx: usize, ptr: usize, len: usize): JSValue
@external("quickjs", "JS_NewNumber") declare function JS_NewNumber(ctx: usize, value: f64): JSValue
@external("quickjs", "JS_NewObjectFrom") export declare function JS_NewObjectFrom(ctx: usize, count: i32, atoms: usize, values: usize): JSValue
@external("quickjs", "JS_NewObject") export declare function JS_NewObject(ctx: usize): JSValue
@external("quickjs", "JS_NewArrayFrom") export declare function JS_NewArrayFrom(ctx: usize, count: i32, values: usize): JSValue
@external("quickjs", "JS_NewAtomLen") export declare function JS_NewAtomLen(ctx: usize, ptr: usize, len: usize): JSAtom
@external("quickjs", "JS_FreeAtom") export declare function JS_FreeAtom(ctx: usize, atom: JSAtom): void
@external("quickjs", "JS_ValueToAtom") export declare function JS_ValueToAtom(ctx: usize, v: JSValue): JSAtom
@external("quickjs", "JS_AtomToString") export declare function JS_AtomToString(ctx: usize, atom: JSAtom): JSValue
@external("quickjs", "JS_GetProperty") export declare function JS_GetProperty(ctx: usize, obj: JSValue, atom: JSAtom): JSValue
@external("quickjs", "JS_GetPropertyInt64") export declare function JS_GetPropertyInt64(ctx: usize, obj: JSValue, index: i64): JSValue
@external("quickjs", "JS_SetProperty") export declare function JS_SetProperty(ctx: usize, obj: JSValue, atom: JSAtom, v: JSValue): i32
@external("quickjs", "JS_DefinePropertyValue") export declare function JS_DefinePropertyValue(ctx: usize, obj: JSValue, atom: JSAtom, v: JSValue, flags: i32): i32
@external("quickjs", "JS_DefinePropertyValueUint32") export declare function JS_DefinePropertyValueUint32(ctx: usize, obj: JSValue, index: u32, v: JSValue, flags: i32): i32
@external("quickjs", "JS_GetOwnPropertyNames") export declare function JS_GetOwnPropertyNames(ctx: usize, tab: usize, len: usize, obj: JSValue, flags: i32): i32
@external("quickjs", "JS_FreePropertyEnum") export declare function JS_FreePropertyEnum(ctx: usize, tab: usize, len: u32): void
@external("quickjs", "JS_GetLength") export declare function JS_GetLength(ctx: usize, obj: JSValue, out: usize): i32
@external("quickjs", "JS_ToCStringLen2") export declare function JS_ToCStringLen2(ctx: usize, len: usize, v: JSValue, cesu8: i32): usize
@external("quickjs", "JS_FreeCString") export declare function JS_FreeCString(ctx: usize, ptr: usize): void
@external("quickjs", "JS_ToString") export declare function JS_ToString(ctx: usize, v: JSValue): JSValue
@external("quickjs", "JS_ToBool") export declare function JS_ToBool(ctx: usize, v: JSValue): i32
@external("quickjs", "JS_IsArray") export declare function JS_IsArray(v: JSValue): i32
@external("quickjs", "JS_IsFunction") export declare function JS_IsFunction(ctx: usize, v: JSValue): i32
@external("quickjs", "JS_IsError") export declare function JS_IsError(v: JSValue): i32
@external("quickjs", "JS_GetClassID") export declare function JS_GetClassID(v: JSValue): u32
@external("quickjs", "JS_Call") export declare function JS_Call(ctx: usize, fn: JSValue, self: JSValue, argc: i32, argv: usize): JSValue
@external("quickjs", "JS_CallConstructor") export declare function JS_CallConstructor(ctx: usize, fn: JSValue, argc: i32, argv: usize): JSValue
@external("quickjs", "JS_GetGlobalObject") export declare function JS_GetGlobalObject(ctx: usize): JSValue
@external("quickjs", "JS_GetException") export declare function JS_GetException(ctx: usize): JSValue
@external("quickjs", "JS_Throw") export declare function JS_Throw(ctx: usize, v: JSValue): JSValue
@external("quickjs", "JS_IsPromise") export declare function JS_IsPromise(v: JSValue): i32
@external("quickjs", "JS_PromiseState") export declare function JS_PromiseState(ctx: usize, v: JSValue): i32
@external("quickjs", "JS_PromiseResult") export declare function JS_PromiseResult(ctx: usize, v: JSValue): JSValue
@external("quickjs", "JS_ExecutePendingJob") export declare function JS_ExecutePendingJob(rt: usize, out: usize): i32
@external("quickjs", "JS_ParseJSON") export declare function JS_ParseJSON(ctx: usize, ptr: usize, len: usize, filename: usize): JSValue
@external("quickjs", "JS_SetMaxStackSize") declare function JS_SetMaxStackSize(rt: usize, size: usize): void
@external("quickjs", "JS_JSONStringify") declare function JS_JSONStringify(ctx: usize, v: JSValue, replacer: JSValue, space: JSValue): JSValue
@external("quickjs", "JS_NewUint8ArrayCopy") export declare function JS_NewUint8ArrayCopy(ctx: usize, ptr: usize, len: usize): JSValue
@external("quickjs", "JS_GetUint8Array") export declare function JS_GetUint8Array(ctx: usize, len: usize, v: JSValue): usize
@external("quickjs", "JS_GetArrayBuffer") export declare function JS_GetArrayBuffer(ctx: usize, len: usize, v: JSValue): usize
@external("quickjs", "JS_IsArrayBuffer") export declare function JS_IsArrayBuffer(v: JSValue): i32
@external("quickjs", "qjs_get_runtime_ptr") declare function qjs_get_runtime_ptr(): usize
@external("quickjs", "qjs_get_context_ptr") declare function qjs_get_context_ptr(): usize
@external("quickjs", "malloc") export declare function malloc(size: usize): usize
@external("quickjs", "realloc") export declare function realloc(ptr: usize, size: usize): usize
@external("quickjs", "free") export declare function free(ptr: usize): void

@inline const TAG_STRING: i32 = -7
@inline const TAG_STRING_ROPE: i32 = -6
@inline export const TAG_OBJECT: i32 = -1
@inline const TAG_INT: i32 = 0
@inline export const TAG_BOOL: i32 = 1
@inline export const TAG_NULL: i32 = 2
@inline export const TAG_UNDEFINED: i32 = 3
@inline const TAG_EXCEPTION: i32 = 6
@inline export const TAG_SHORT_BIG_INT: i32 = 7
@inline export const TAG_BIG_INT: i32 = -9
@inline export const TAG_SYMBOL: i32 = -8

@inline export const NULL: JSValue = 2 << 32
@inline export const UNDEFINED: JSValue = 3 << 32
@inline export const FALSE: JSValue = 1 << 32
@inline export const TRUE: JSValue = (1 << 32) | 1
@inline export const EXCEPTION: JSValue = 6 << 32
// JS_UNINITIALIZED; in the glue's slots: nothing here yet.
@inline export const NOTHING: JSValue = 4 << 32

@inline export const CLASS_OBJECT: u32 = 1
@inline export const CLASS_NUMBER: u32 = 4
@inline export const CLASS_BOOLEAN: u32 = 6

@inline export const PROP_C_W_E: i32 = 7
@inline export const NAMES_STRING_ENUMERABLE: i32 = 1 | (1 << 4)

@inline const FLOAT64_ADDEND: u64 = 0x7ff8000a << 32
@inline const FIRST_TAG: i32 = -9
@inline const FLOAT64_TAG: u32 = 8

// The runtime and the context: set once by `initialise`, kept by the snapshot.
export let runtime: usize = 0
export let context: usize = 0

export function attachEngine(): void {
  runtime = qjs_get_runtime_ptr()
  context = qjs_get_context_ptr()
}

@inline export function tagOf(v: JSValue): i32 {
  return i32(v >> 32)
}

@inline export function isException(v: JSValue): bool {
  return tagOf(v) == TAG_EXCEPTION
}

@inline export function isObject(v: JSValue): bool {
  return tagOf(v) == TAG_OBJECT
}

@inline export function isString(v: JSValue): bool {
  const tag = tagOf(v)
  return tag == TAG_STRING || tag == TAG_STRING_ROPE
}

@inline export function isUndefined(v: JSValue): bool {
  return tagOf(v) == TAG_UNDEFINED
}

@inline function isFloat(v: JSValue): bool {
  return u32(tagOf(v) - FIRST_TAG) >= FLOAT64_TAG - u32(FIRST_TAG)
}

@inline export function isNumber(v: JSValue): bool {
  return tagOf(v) == TAG_INT || isFloat(v)
}

@inline export function ofBool(value: bool): JSValue {
  return FALSE | u64(value)
}

@inline export function ofInt(value: i32): JSValue {
  return u64(u32(value))
}

/** An int when the number is one (not -0), as QuickJS itself does. */
export function ofNumber(value: f64): JSValue {
  if (value >= -2147483648.0 && value <= 2147483647.0) {
    const int = i32(value)
    if (f64(int) == value && (int != 0 || reinterpret<u64>(value) == 0)) return ofInt(int)
  }
  let bits = reinterpret<u64>(value)
  if (value != value) bits = 0x7ff8000000000000
  return bits - FLOAT64_ADDEND
}

/** Only for values for which `isNumber` holds. */
@inline export function toNumber(v: JSValue): f64 {
  return tagOf(v) == TAG_INT ? f64(i32(v)) : reinterpret<f64>(v + FLOAT64_ADDEND)
}

@inline export function release(v: JSValue): void {
  // A value without reference count needs no call.
  if (tagOf(v) < 0) JS_FreeValue(context, v)
}

@inline const STACK_SIZE: usize = 256 * 1024
@inline const JSON_STACK_SIZE: usize = 64 * 1024

/**
 * JSON.stringify(value): a string, undefined, or an exception. The engine counts only the stack that it keeps in memory, of
 * which JSON takes little and the host's own stack much more, so it gets less of it than a script.
 */
export function stringify(value: JSValue): JSValue {
  JS_SetMaxStackSize(runtime, JSON_STACK_SIZE)
  const text = JS_JSONStringify(context, value, UNDEFINED, UNDEFINED)
  JS_SetMaxStackSize(runtime, STACK_SIZE)
  return text
}

/** Forgets the pending exception. */
export function dropException(): void {
  release(JS_GetException(context))
}

/** 0 when the engine's values are laid out as this file believes. */
export function verifyEngine(): i32 {
  const half = JS_NewNumber(context, 0.5)
  if (half != ofNumber(0.5)) return 1
  if (JS_NewNumber(context, -1) != ofNumber(-1)) return 2
  if (!isFloat(half) || isFloat(ofInt(-1)) || isFloat(UNDEFINED)) return 3
  const object = JS_NewObject(context)
  if (!isObject(object) || JS_GetClassID(object) != CLASS_OBJECT) return 4
  if (JS_GetProperty(context, object, JS_NewAtomLen(context, 0, 0)) != UNDEFINED) return 5
  release(object)
  const text = JS_ToString(context, half)
  if (tagOf(text) != TAG_STRING) return 6
  release(text)
  return 0
}
