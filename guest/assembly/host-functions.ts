// What the JavaScript side of the guest can call: `globalThis.__native`.
//
//   __native.utf8Encode(text: string): Uint8Array
//     UTF-8; a lone surrogate becomes U+FFFD, as TextEncoder does.
//   __native.utf8Decode(bytes: Uint8Array | ArrayBuffer, fatal?: boolean): string
//     Malformed UTF-8 becomes U+FFFD, or with `fatal` a TypeError. A byte order mark is kept: strip
//     it in JS where TextDecoder does.
//   __native.log(level: number, text: string): void
//     One line (newlines within are written as they are, one is added at the end) to stdout for level 0, to
//     stderr for any other.
//   __native.randomBytes(count: number): Uint8Array
//     From the host's `random_get`, at most 65,536; RangeError above it. Fixed bytes while the snapshot is built.
//   __native.now(): number
//     Milliseconds with fractions from a clock that only goes forward (performance.now()).
//   __native.jsonDepth(text: string): number
//     How deep the JSON text nests, without parsing it: check it before JSON.parse of a text that you did not
//     make. The glue replaces JSON.parse with one that throws a SyntaxError above MAX_JSON_DEPTH (512).
//
// What the glue calls on `globalThis.__honoFaasm`:
//
//   routes(): { method, path }[]          once, while building
//   warmUp?(): void | Promise<void>       once, while building, before the snapshot
//   invoke(inv): reply | Promise<reply>   per request
//   unavailable(name, type): unknown      for a variable that could not leave the gateway
//   idle?(): boolean                      when the reply's promise is pending and no job is left: true when it
//                                         made progress (fired a timer), false when nothing is left to do
//   bodyFailed?(inv, error): reply | Promise<reply>
//                                         when the value of a reply of kind 1 can't become JSON, because a toJSON or a
//                                         getter threw, or it has a BigInt or a cycle: the error is what c.json()
//                                         would have thrown. Without it the answer is a Failure THROWN.
//
// An `InternalError: out of memory` that leaves `invoke`, or is in `reply.failure`/`reply.thrown` as name and message,
// becomes a Failure OUT_OF_MEMORY. After `timeout_ms` the engine is interrupted by an uncatchable error, and
// whatever `invoke` answers, the reply is a Failure TIMEOUT.
