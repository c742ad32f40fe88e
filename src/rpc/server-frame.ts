import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import {
  type ErrorKind,
  type GoAway,
  GoAwaySchema,
  type Welcome,
  WelcomeSchema,
} from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { allocateEnvelope, ENVELOPE_BYTES } from "./envelope.ts"
import { FieldReader } from "./field-reader.ts"
import { delimitedSize, FieldWriter, numberFieldSize, varintSize } from "./field-writer.ts"
import { MalformedFrameError } from "./malformed-frame-error.ts"

/** The contract's Timings. */
interface FrameTimings {
  queuedUs: number
  executedUs: number
  cold: boolean
  arrivedAtUs?: number
  instanceUs?: number
  resetUs?: number
}

/** The contract's Result. */
export interface FrameResult {
  id: number
  /** Absent when there is an error. */
  output?: Uint8Array
  error?: { kind: ErrorKind; message: string; mayHaveRun: boolean }
  /** Only when the call asked for it. */
  timings?: FrameTimings
}

/** The contract's ChannelResponse. */
export interface ServerFrame {
  sequence: number
  welcome?: Welcome
  credits?: number
  results: readonly FrameResult[]
  goAway?: GoAway
}

/** What {@link encodeServerFrame} takes: what is absent is left out. */
export interface ServerFrameInit {
  sequence?: number
  welcome?: MessageInitShape<typeof WelcomeSchema>
  credits?: number
  results?: readonly FrameResult[]
  goAway?: MessageInitShape<typeof GoAwaySchema>
}

const FRAME = { sequence: 0x08, welcome: 0x12, credits: 0x18, results: 0x22, goAway: 0x2a } as const
const RESULT = { id: 0x08, output: 0x12, error: 0x1a, timings: 0x22 } as const
const TIMINGS = {
  queuedUs: 0x08,
  executedUs: 0x10,
  cold: 0x18,
  arrivedAtUs: 0x20,
  instanceUs: 0x28,
  resetUs: 0x30,
} as const
const ERROR = { kind: 0x08, message: 0x12, mayHaveRun: 0x18 } as const

/** Bytes that a result adds to a frame. */
export function resultFieldSize(result: FrameResult): number {
  return delimitedSize(resultSize(result))
}

function resultSize({ id, output, error, timings }: FrameResult): number {
  return (
    numberFieldSize(id) +
    delimitedSize(error ? errorSize(error) : output!.length) +
    (timings ? delimitedSize(timingsSize(timings)) : 0)
  )
}

function errorSize({ kind, message, mayHaveRun }: NonNullable<FrameResult["error"]>): number {
  return (
    numberFieldSize(kind) + delimitedSize(Buffer.byteLength(message)) + numberFieldSize(mayHaveRun ? 1 : 0)
  )
}

function timingsSize(timings: FrameTimings): number {
  const { queuedUs, executedUs, cold, arrivedAtUs, instanceUs, resetUs } = timings
  return (
    numberFieldSize(queuedUs) +
    numberFieldSize(executedUs) +
    numberFieldSize(cold ? 1 : 0) +
    optionalSize(arrivedAtUs) +
    optionalSize(instanceUs) +
    optionalSize(resetUs)
  )
}

/** Bytes of a number that is there also when it is 0. */
function optionalSize(value: number | undefined): number {
  return value === undefined ? 0 : 1 + varintSize(value)
}

/** Encodes a frame, in its envelope. */
export function encodeServerFrame(frame: ServerFrameInit): Buffer {
  const { sequence = 0, credits, results = [] } = frame
  const welcome = frame.welcome && toBinary(WelcomeSchema, create(WelcomeSchema, frame.welcome))
  const goAway = frame.goAway && toBinary(GoAwaySchema, create(GoAwaySchema, frame.goAway))
  let size = numberFieldSize(sequence)
  if (welcome) size += delimitedSize(welcome.length)
  if (credits !== undefined) size += 1 + varintSize(credits)
  for (const result of results) size += resultFieldSize(result)
  if (goAway) size += delimitedSize(goAway.length)

  const buffer = allocateEnvelope(size)
  const writer = new FieldWriter(buffer, ENVELOPE_BYTES)
  writer.number(FRAME.sequence, sequence)
  if (welcome) writer.bytes(FRAME.welcome, welcome)
  // An open field's length is written the way a number is; credits are written also when 0.
  if (credits !== undefined) writer.open(FRAME.credits, credits)
  for (const result of results) writeResult(writer, result)
  if (goAway) writer.bytes(FRAME.goAway, goAway)
  return buffer
}

function writeResult(writer: FieldWriter, result: FrameResult): void {
  const { id, output, error, timings } = result
  writer.open(FRAME.results, resultSize(result))
  writer.number(RESULT.id, id)
  if (error) {
    writer.open(RESULT.error, errorSize(error))
    writer.number(ERROR.kind, error.kind)
    writer.string(ERROR.message, error.message, Buffer.byteLength(error.message))
    writer.number(ERROR.mayHaveRun, error.mayHaveRun ? 1 : 0)
  } else writer.bytes(RESULT.output, output!)
  if (timings) writeTimings(writer, timings)
}

function writeTimings(writer: FieldWriter, timings: FrameTimings): void {
  writer.open(RESULT.timings, timingsSize(timings))
  writer.number(TIMINGS.queuedUs, timings.queuedUs)
  writer.number(TIMINGS.executedUs, timings.executedUs)
  writer.number(TIMINGS.cold, timings.cold ? 1 : 0)
  const { arrivedAtUs, instanceUs, resetUs } = timings
  // As with credits: also when 0.
  if (arrivedAtUs !== undefined) writer.open(TIMINGS.arrivedAtUs, arrivedAtUs)
  if (instanceUs !== undefined) writer.open(TIMINGS.instanceUs, instanceUs)
  if (resetUs !== undefined) writer.open(TIMINGS.resetUs, resetUs)
}

/**
 * Decodes a frame, without its envelope. Outputs are views of `bytes`.
 *
 * @throws MalformedFrameError
 */
export function decodeServerFrame(bytes: Uint8Array): ServerFrame {
  const reader = new FieldReader(bytes)
  const results: FrameResult[] = []
  const frame: ServerFrame = { sequence: 0, results }
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === FRAME.results) results.push(decodeResult(reader))
    else if (tag === FRAME.sequence) frame.sequence = reader.varint()
    else if (tag === FRAME.credits) frame.credits = reader.uint32()
    else if (tag === FRAME.welcome) frame.welcome = decodeRare(WelcomeSchema, reader.bytes())
    else if (tag === FRAME.goAway) frame.goAway = decodeRare(GoAwaySchema, reader.bytes())
    else reader.skip(tag)
  }
  return frame
}

function decodeResult(reader: FieldReader): FrameResult {
  const result: FrameResult = { id: 0 }
  const outer = reader.enter()
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === RESULT.id) result.id = reader.varint()
    else if (tag === RESULT.output) {
      result.output = reader.bytes()
      result.error = undefined
    } else if (tag === RESULT.error) {
      result.error = decodeError(reader)
      result.output = undefined
    } else if (tag === RESULT.timings) result.timings = decodeTimings(reader)
    else reader.skip(tag)
  }
  reader.leave(outer)
  if (!result.error && !result.output)
    throw new MalformedFrameError("malformed", "the frame has a result without outcome")
  return result
}

function decodeError(reader: FieldReader): NonNullable<FrameResult["error"]> {
  const error = { kind: 0 as ErrorKind, message: "", mayHaveRun: false }
  const outer = reader.enter()
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ERROR.kind) error.kind = reader.uint32()
    else if (tag === ERROR.message) error.message = reader.string()
    else if (tag === ERROR.mayHaveRun) error.mayHaveRun = reader.varint() !== 0
    else reader.skip(tag)
  }
  reader.leave(outer)
  return error
}

function decodeTimings(reader: FieldReader): FrameTimings {
  const timings: FrameTimings = { queuedUs: 0, executedUs: 0, cold: false }
  const outer = reader.enter()
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TIMINGS.queuedUs) timings.queuedUs = reader.uint32()
    else if (tag === TIMINGS.executedUs) timings.executedUs = reader.uint32()
    else if (tag === TIMINGS.cold) timings.cold = reader.varint() !== 0
    else if (tag === TIMINGS.arrivedAtUs) timings.arrivedAtUs = reader.varint()
    else if (tag === TIMINGS.instanceUs) timings.instanceUs = reader.uint32()
    else if (tag === TIMINGS.resetUs) timings.resetUs = reader.uint32()
    else reader.skip(tag)
  }
  reader.leave(outer)
  return timings
}

function decodeRare<S extends typeof WelcomeSchema | typeof GoAwaySchema>(schema: S, bytes: Uint8Array) {
  try {
    return fromBinary(schema, bytes)
  } catch (cause) {
    throw new MalformedFrameError("malformed", `the frame's ${schema.name} is malformed`, { cause })
  }
}
