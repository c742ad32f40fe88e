import { expect } from "vitest"
import type { RequestCase } from "./request-case.ts"

interface Facts {
  status: number
  headers: string[]
  body: unknown
}

/** Fails the test unless both answers say the same: JSON compared as values, everything else byte by byte. */
export async function expectSame(native: Response, offloaded: Response, { engineText }: RequestCase) {
  const [wanted, got] = [await factsOf(native), await factsOf(offloaded)]
  if (engineText) got.body = wanted.body
  expect(got).toEqual(wanted)
}

async function factsOf(response: Response): Promise<Facts> {
  const bytes = Buffer.from(await response.arrayBuffer())
  return {
    status: response.status,
    headers: [...response.headers].map((header) => header.join(": ")),
    body: bodyOf(bytes, response.headers.get("content-type") ?? ""),
  }
}

function bodyOf(bytes: Buffer, contentType: string): unknown {
  if (/json/.test(contentType) && bytes.length > 0) return JSON.parse(bytes.toString())
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? text : bytes.toString("hex")
}
