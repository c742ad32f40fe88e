import { randomFillSync } from "node:crypto"
import { createContext, runInContext } from "node:vm"
import { bundleApp } from "../../src/faaslet/bundle.ts"

/** An app's guest side, in a realm that has no more than QuickJS: the language, and a few functions of the web. */
export interface LoadedGuest {
  // biome-ignore lint/suspicious/noExplicitAny: what handlers and the glue see is untyped
  guest: any
  // biome-ignore lint/suspicious/noExplicitAny: the realm's globals
  global: any
  /** Evaluates an expression in the realm. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  run(code: string): any
  /** A copy of bytes in the guest's realm. */
  toBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer>
  /** Lines that the console wrote. */
  lines: string[]
}

/** Bundles an app and evaluates it as the engine would. */
export async function loadGuest(appFile: string): Promise<LoadedGuest> {
  return evaluate((await bundleApp({ appFile })).code)
}

/** Evaluates a bundle. */
export function evaluate(code: string): LoadedGuest {
  const lines: string[] = []
  const global = createContext(
    { atob, btoa, performance, queueMicrotask, DOMException },
    { codeGeneration: { strings: false, wasm: false } },
  )
  for (const name of ["console", "WebAssembly", "Intl"]) runInContext(`delete globalThis.${name}`, global)
  const Bytes = runInContext("Uint8Array", global)
  global.__native = {
    utf8Encode: (text: string) => new Bytes(new TextEncoder().encode(text)),
    utf8Decode: (bytes: Uint8Array, fatal = false) =>
      new TextDecoder("utf-8", { fatal, ignoreBOM: true }).decode(bytes),
    log: (level: number, text: string) => void lines.push(`${level} ${text}`),
    randomBytes: (count: number) => randomFillSync(new Bytes(count)),
    now: () => performance.now(),
  }
  runInContext(code, global, { filename: "function.js" })
  return {
    guest: global.__honoFaasm,
    global,
    run: (code) => runInContext(code, global),
    toBytes: (bytes) => new Bytes(bytes),
    lines,
  }
}
