import { fromBinary, toBinary } from "@bufbuild/protobuf"
import { type Hello, HelloSchema, type TimingsLevel } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { allocateEnvelope, ENVELOPE_BYTES } from "./envelope.ts"
import { FieldReader } from "./field-reader.ts"
import { delimitedSize, FieldWriter, numberFieldSize, varintSize } from "./field-writer.ts"
import { MalformedFrameError } from "./malformed-frame-error.ts"

/** A function's number on a stream: the contract's Binding. */
export interface FrameBinding {
  id: number
  user: string
  function: string
  timeoutMs: number
}

/** The contract's Call. */
export interface FrameCall {
  id: number
  binding: number
  input: Uint8Array
  timeoutMs: number
  traceparent: string
  /** Absent: none. */
  timings?: TimingsLevel
}

/** The contract's ChannelRequest. */
export interface ClientFrame {
  hello?: Hello
  ack: number
  bindings: readonly FrameBinding[]
  calls: readonly FrameCall[]
  cancels: readonly number[]
}

const FRAME = { hello: 0x0a, ack: 0x10, bindings: 0x1a, calls: 0x22, cancels: 0x2a, cancel: 0x28 } as const
const BINDING = { id: 0x08, user: 0x12, function: 0x1a, timeoutMs: 0x20 } as const
const CALL = {
  id: 0x08,
  binding: 0x10,
  input: 0x1a,
  timeoutMs: 0x20,
  traceparent: 0x2a,
  timings: 0x30,
} as const

/** Bytes that a call adds to a frame. */
export function callFieldSize(call: FrameCall): number {
  return delimitedSize(callSize(call))
}

function callSize(call: FrameCall): number {
  return (
    numberFieldSize(call.id) +
    numberFieldSize(call.binding) +
    (call.input.length === 0 ? 0 : delimitedSize(call.input.length)) +
    numberFieldSize(call.timeoutMs) +
    // W3C trace context is ASCII, but nobody has checked that.
    (call.traceparent === "" ? 0 : delimitedSize(Buffer.byteLength(call.traceparent))) +
    numberFieldSize(call.timings ?? 0)
  )
}

/** Bytes that a binding adds to a frame. */
export function bindingFieldSize(binding: FrameBinding): number {
  return delimitedSize(bindingSize(binding))
}

function bindingSize(binding: FrameBinding): number {
  return (
    numberFieldSize(binding.id) +
    delimitedSize(Buffer.byteLength(binding.user)) +
    delimitedSize(Buffer.byteLength(binding.function)) +
    numberFieldSize(binding.timeoutMs)
  )
}

/** Encodes a frame, in its envelope. In one pass over memory of the exact size: this is done for every call. */
export function encodeClientFrame(frame: ClientFrame): Buffer {
  const hello = frame.hello && toBinary(HelloSchema, frame.hello)
  let size = numberFieldSize(frame.ack)
  if (hello) size += delimitedSize(hello.length)
  for (const binding of frame.bindings) size += bindingFieldSize(binding)
  for (const call of frame.calls) size += callFieldSize(call)
  let cancelBytes = 0
  for (const id of frame.cancels) cancelBytes += varintSize(id)
  if (cancelBytes > 0) size += delimitedSize(cancelBytes)

  const buffer = allocateEnvelope(size)
  const writer = new FieldWriter(buffer, ENVELOPE_BYTES)
  if (hello) writer.bytes(FRAME.hello, hello)
  writer.number(FRAME.ack, frame.ack)
  for (const binding of frame.bindings) {
    writer.open(FRAME.bindings, bindingSize(binding))
    writer.number(BINDING.id, binding.id)
    writer.string(BINDING.user, binding.user, Buffer.byteLength(binding.user))
    writer.string(BINDING.function, binding.function, Buffer.byteLength(binding.function))
    writer.number(BINDING.timeoutMs, binding.timeoutMs)
  }
  for (const call of frame.calls) {
    writer.open(FRAME.calls, callSize(call))
    writer.number(CALL.id, call.id)
    writer.number(CALL.binding, call.binding)
    if (call.input.length > 0) writer.bytes(CALL.input, call.input)
    writer.number(CALL.timeoutMs, call.timeoutMs)
    if (call.traceparent !== "")
      writer.string(CALL.traceparent, call.traceparent, Buffer.byteLength(call.traceparent))
    writer.number(CALL.timings, call.timings ?? 0)
  }
  if (cancelBytes > 0) {
    writer.open(FRAME.cancels, cancelBytes)
    for (const id of frame.cancels) writer.varint(id)
  }
  return buffer
}

/**
 * Decodes a frame, without its envelope. Inputs are views of `bytes`.
 *
 * @throws MalformedFrameError
 */
export function decodeClientFrame(bytes: Uint8Array): ClientFrame {
  const reader = new FieldReader(bytes)
  const bindings: FrameBinding[] = []
  const calls: FrameCall[] = []
  const cancels: number[] = []
  const frame: ClientFrame = { ack: 0, bindings, calls, cancels }
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === FRAME.calls) calls.push(decodeCall(reader))
    else if (tag === FRAME.ack) frame.ack = reader.varint()
    else if (tag === FRAME.bindings) bindings.push(decodeBinding(reader))
    else if (tag === FRAME.cancels) {
      const outer = reader.enter()
      while (!reader.atEnd) cancels.push(reader.varint())
      reader.leave(outer)
    } else if (tag === FRAME.cancel) cancels.push(reader.varint())
    else if (tag === FRAME.hello) frame.hello = decodeHello(reader.bytes())
    else reader.skip(tag)
  }
  return frame
}

function decodeHello(bytes: Uint8Array): Hello {
  try {
    return fromBinary(HelloSchema, bytes)
  } catch (cause) {
    throw new MalformedFrameError("malformed", "the frame's hello is malformed", { cause })
  }
}

function decodeBinding(reader: FieldReader): FrameBinding {
  const binding = { id: 0, user: "", function: "", timeoutMs: 0 }
  const outer = reader.enter()
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === BINDING.id) binding.id = reader.uint32()
    else if (tag === BINDING.user) binding.user = reader.string()
    else if (tag === BINDING.function) binding.function = reader.string()
    else if (tag === BINDING.timeoutMs) binding.timeoutMs = reader.uint32()
    else reader.skip(tag)
  }
  reader.leave(outer)
  return binding
}

const NO_BYTES = new Uint8Array()

function decodeCall(reader: FieldReader): FrameCall {
  const call: FrameCall = { id: 0, binding: 0, input: NO_BYTES, timeoutMs: 0, traceparent: "" }
  const outer = reader.enter()
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === CALL.id) call.id = reader.varint()
    else if (tag === CALL.binding) call.binding = reader.uint32()
    else if (tag === CALL.input) call.input = reader.bytes()
    else if (tag === CALL.timeoutMs) call.timeoutMs = reader.uint32()
    else if (tag === CALL.traceparent) call.traceparent = reader.string()
    else if (tag === CALL.timings) call.timings = reader.int32()
    else reader.skip(tag)
  }
  reader.leave(outer)
  return call
}
