// Gives the engine the part of the web platform that handlers can expect. Imported before the app.
import { console } from "./console.ts"
import { crypto } from "./crypto.ts"
import { clearTimer, setImmediate, setInterval, setTimeout } from "./timers.ts"
import { stub, unavailable } from "./unavailable.ts"
import { Blob, File } from "./web/blob.ts"
import { AbortController, AbortSignal, CustomEvent, Event, EventTarget } from "./web/events.ts"
import { FormData } from "./web/form-data.ts"
import { Headers } from "./web/headers.ts"
import { ReadableStream } from "./web/readable-stream.ts"
import { Request } from "./web/request.ts"
import { Response } from "./web/response.ts"
import { structuredClone } from "./web/structured-clone.ts"
import { TextDecoder, TextEncoder } from "./web/text-coding.ts"
import { URL } from "./web/url.ts"
import { URLSearchParams } from "./web/url-search-params.ts"

const globals = {
  AbortController,
  AbortSignal,
  Blob,
  CustomEvent,
  Event,
  EventTarget,
  File,
  FormData,
  Headers,
  ReadableStream,
  Request,
  Response,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  clearImmediate: clearTimer,
  clearInterval: clearTimer,
  clearTimeout: clearTimer,
  console,
  crypto,
  fetch: async () => {
    throw unavailable("fetch")
  },
  self: globalThis,
  setImmediate,
  setInterval,
  setTimeout,
  structuredClone,
  /** What the bundler puts in place of modules and of `process`. */
  __honoFaasmStub: stub,
}

for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
}
