import { expect } from "vitest"
import type { RequestCase } from "./request-case.ts"

interface Facts {
  status: number
  headers: string[]
  body: unknown
}

/** Fails the test unless both answers say the same: JSON compared as values, everything else byte by byte. */
export async function expectSame(native: Response, offloaded: Response, { ignoreHeaders = [] }: RequestCase) {
  expect(await factsOf(offloaded, ignoreHeaders)).toEqual(await factsOf(native, ignoreHeaders))
}

async function factsOf(response: Response, ignoreHeaders: string[]): Promise<Facts> {
  const headers = [...response.headers]
    .filter(([name]) => !ignoreHeaders.includes(name))
    .map(
      ([name, value]) =>
        `${name}: ${name === "content-type" ? value.toLowerCase().replaceAll(" ", "") : value}`,
    )
  const bytes = Buffer.from(await response.arrayBuffer())
  return { status: response.status, headers, body: bodyOf(bytes, response.headers.get("content-type") ?? "") }
}

function bodyOf(bytes: Buffer, contentType: string): unknown {
  if (/json/.test(contentType) && bytes.length > 0) return JSON.parse(bytes.toString())
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? text : bytes.toString("hex")
}
