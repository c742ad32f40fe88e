import { expect, it } from "vitest"
import { type ChannelOptions, openChannel } from "../../src/channel/index.ts"

it.each<[string, ChannelOptions, RegExp]>([
  ["certificates for a cleartext address", { servers: ["http://a"], tls: { ca: "x" } }, /begin with https/],
  ["a certificate without its key", { servers: ["https://a"], tls: { cert: "x" } }, /needs its key/],
  ["a key without its certificate", { servers: ["https://a"], tls: { key: "x" } }, /needs its key/],
  ["a token of two lines", { servers: ["http://a"], token: "a\r\nb" }, /characters/],
  ["an empty token", { servers: ["http://a"], token: "" }, /characters/],
])("refuses %s", (_, options, message) => {
  expect(() => openChannel(options)).toThrow(message)
})
