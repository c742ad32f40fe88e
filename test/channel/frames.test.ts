import { create, fromBinary, toBinary } from "@bufbuild/protobuf"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  ChannelRequestSchema,
  ChannelResponseSchema,
} from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { decodeClientFrame, encodeClientFrame } from "../../src/rpc/client-frame.ts"
import { allocateEnvelope, ENVELOPE_BYTES, EnvelopeReader } from "../../src/rpc/envelope.ts"
import { MalformedFrameError } from "../../src/rpc/malformed-frame-error.ts"
import { decodeServerFrame, encodeServerFrame, type ServerFrame } from "../../src/rpc/server-frame.ts"
import { referencedBytes } from "../support/referenced-bytes.ts"

const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff }))
const uint53 = fc.oneof(fc.nat(300), fc.maxSafeNat())
const bytes = fc.uint8Array({ maxLength: 300 })
const text = fc.string({ unit: "grapheme", maxLength: 40 })

const clientFrame = fc.record({
  ack: uint53,
  bindings: fc.array(fc.record({ id: uint32, user: text, function: text, timeoutMs: uint32 })),
  calls: fc.array(
    fc.record({
      id: uint53,
      binding: uint32,
      input: bytes,
      timeoutMs: uint32,
      traceparent: text,
      timings: fc.oneof(fc.nat(3), fc.nat()),
    }),
  ),
  cancels: fc.array(uint53),
})

const serverFrame = fc.record({
  sequence: uint53,
  credits: fc.option(uint32, { nil: undefined }),
  results: fc.array(
    fc
      .record({
        id: uint53,
        outcome: fc.oneof(
          bytes.map((output) => ({ output })),
          fc
            .record({ kind: fc.nat(20), message: text, mayHaveRun: fc.boolean() })
            .map((error) => ({ error })),
        ),
        timings: fc.option(
          fc.record({
            queuedUs: uint32,
            executedUs: uint32,
            cold: fc.boolean(),
            arrivedAtUs: fc.option(uint53, { nil: undefined }),
            instanceUs: fc.option(uint32, { nil: undefined }),
            resetUs: fc.option(uint32, { nil: undefined }),
          }),
          { nil: undefined },
        ),
      })
      .map(({ outcome, ...rest }) => ({ ...rest, ...outcome })),
  ),
})

/** `output` and `error` are one oneof in protobuf-es. */
const asMessage = (frame: Pick<ServerFrame, "sequence" | "credits" | "results">) =>
  create(ChannelResponseSchema, {
    sequence: BigInt(frame.sequence),
    credits: frame.credits,
    results: frame.results.map(({ id, output, error, timings }) => ({
      id: BigInt(id),
      outcome: error
        ? { case: "error" as const, value: error }
        : { case: "output" as const, value: output ?? new Uint8Array() },
      timings: timings && {
        ...timings,
        arrivedAtUs: timings.arrivedAtUs === undefined ? undefined : BigInt(timings.arrivedAtUs),
      },
    })),
  })

describe("frames", () => {
  it("of clients are encoded and decoded as protobuf-es does", () => {
    fc.assert(
      fc.property(clientFrame, (frame) => {
        const encoded = Uint8Array.from(encodeClientFrame(frame).subarray(ENVELOPE_BYTES))
        const message = create(ChannelRequestSchema, {
          ...frame,
          ack: BigInt(frame.ack),
          calls: frame.calls.map((call) => ({ ...call, id: BigInt(call.id) })),
          cancels: frame.cancels.map(BigInt),
        })
        expect(fromBinary(ChannelRequestSchema, encoded)).toEqual(message)
        expect(decodeClientFrame(encoded)).toEqual(decodeClientFrame(toBinary(ChannelRequestSchema, message)))
        const again = decodeClientFrame(encoded)
        expect(encodeClientFrame(again).subarray(ENVELOPE_BYTES).compare(encoded)).toBe(0)
      }),
    )
  })

  it("of clients may have any number as a level of timings", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.integer({ min: -3, max: 3 })), (timings) => {
        const encoded = toBinary(ChannelRequestSchema, create(ChannelRequestSchema, { calls: [{ timings }] }))
        expect(decodeClientFrame(encoded).calls[0]!.timings ?? 0).toBe(timings)
      }),
    )
  })

  it("of servers are encoded and decoded as protobuf-es does", () => {
    fc.assert(
      fc.property(serverFrame, (frame) => {
        const encoded = Uint8Array.from(encodeServerFrame(frame).subarray(ENVELOPE_BYTES))
        const message = asMessage(frame)
        expect(fromBinary(ChannelResponseSchema, encoded)).toEqual(message)
        expect(asMessage(decodeServerFrame(toBinary(ChannelResponseSchema, message)))).toEqual(message)
        expect(asMessage(decodeServerFrame(encoded))).toEqual(message)
      }),
    )
  })

  it("that are random bytes, or cut or changed ones, are refused or read, never worse", () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(clientFrame, fc.nat(), fc.nat(255)).map(([frame, at, byte]) => {
        const encoded = encodeClientFrame(frame).subarray(ENVELOPE_BYTES)
        if (encoded.length > 0) encoded[at % encoded.length] = byte
        return encoded.subarray(0, encoded.length - (byte % 3))
      }),
    )
    fc.assert(
      fc.property(hostile, (frame) => {
        for (const decode of [decodeClientFrame, decodeServerFrame]) {
          try {
            decode(frame)
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedFrameError)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})

/** Around the sizes at which small chunks are gathered. */
const large = fc.integer({ min: 4000, max: 10_000 }).map((length) => Uint8Array.from({ length }, (_, i) => i))
const cut = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 400, max: 5000 }))

describe("envelopes", () => {
  it("are found however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, large)), fc.infiniteStream(cut), (messages, cuts) => {
        const all = Buffer.concat(
          messages.map((message) => {
            const envelope = allocateEnvelope(message.length)
            envelope.set(message, ENVELOPE_BYTES)
            return envelope
          }),
        )
        const found: Uint8Array[] = []
        const reader = new EnvelopeReader(20_000, {
          message: (message) => found.push(Uint8Array.from(message)),
        })
        for (let at = 0; at < all.length; ) {
          const end = at + cuts.next().value!
          reader.push(all.subarray(at, end))
          at = end
        }
        expect(found.map(({ length }) => length)).toEqual(messages.map(({ length }) => length))
        expect(Buffer.concat(found).compare(Buffer.concat(messages))).toBe(0)
        expect(reader.isEmpty).toBe(true)
      }),
    )
  })

  it("that come byte by byte take little more than their bytes", () => {
    const bytes = 4 * 1024 * 1024
    const envelope = allocateEnvelope(bytes)
    let found: Uint8Array | undefined
    const reader = new EnvelopeReader(bytes, { message: (message) => (found = message) })
    const before = referencedBytes()
    // As they come from the network: each with a buffer of its own.
    for (let at = 0; at < envelope.length - 1; at++) reader.push(Buffer.from(envelope.subarray(at, at + 1)))
    expect(referencedBytes() - before).toBeLessThan(5 * bytes)
    reader.push(envelope.subarray(-1))
    expect(found?.length).toBe(bytes)
  })

  it("that are too large or have unknown flags are refused before they are read", () => {
    const reader = () => new EnvelopeReader(10, { message: () => {} })
    expect(() => reader().push(Buffer.from([0, 0, 0, 0, 11]))).toThrow(/11 bytes/)
    expect(() => reader().push(Buffer.from([0, 255, 255, 255, 255]))).toThrow(/4294967295 bytes/)
    expect(() => reader().push(Buffer.from([1, 0, 0, 0, 0]))).toThrow(/compressed/)
    expect(() => reader().push(Buffer.from([8, 0, 0, 0, 0]))).toThrow(/flags/)
  })
})
