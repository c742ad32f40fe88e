import { native } from "../native.ts"
import { File } from "./blob.ts"
import { FormData } from "./form-data.ts"
import { decodeUtf8 } from "./text-coding.ts"
import { URLSearchParams } from "./url-search-params.ts"

/**
 * Reads a form in either of the encodings that browsers send.
 *
 * @throws TypeError when the content type is another or the body is malformed.
 */
export function decodeForm(contentType: string, bytes: Uint8Array<ArrayBuffer>): FormData {
  const type = contentType.split(";")[0]!.trim().toLowerCase()
  if (type === "multipart/form-data") return decodeMultipart(contentType, bytes)
  if (type !== "application/x-www-form-urlencoded") {
    throw new TypeError(
      'Content-Type was not one of "multipart/form-data" or "application/x-www-form-urlencoded".',
    )
  }
  const form = new FormData()
  for (const [name, value] of new URLSearchParams(decodeUtf8(bytes))) form.append(name, value)
  return form
}

function decodeMultipart(contentType: string, bytes: Uint8Array<ArrayBuffer>): FormData {
  const match = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType)
  const boundary = match?.[1] ?? match?.[2]
  if (!boundary) throw new TypeError("Failed to parse body as FormData: there is no boundary.")
  const form = new FormData()
  // A character per byte, so that the engine's own search finds delimiters.
  const text = latin1(bytes)
  const delimiter = `--${boundary}`
  let at = text.startsWith(delimiter) ? 0 : text.indexOf(`\r\n${delimiter}`)
  if (at === -1) throw malformed()
  if (at > 0) at += 2
  for (;;) {
    at += delimiter.length
    if (text.startsWith("--", at)) return form
    at = skipLineBreak(text, at)
    const headersEnd = text.indexOf("\r\n\r\n", at - 2)
    if (headersEnd === -1) throw malformed()
    const start = headersEnd + 4
    const end = text.indexOf(`\r\n${delimiter}`, start - 2)
    if (end === -1) throw malformed()
    addPart(
      form,
      decodeUtf8(bytes.subarray(at, Math.max(at, headersEnd))),
      bytes.subarray(start, Math.max(start, end)),
    )
    at = end + 2
  }
}

function skipLineBreak(text: string, at: number): number {
  while (text[at] === " " || text[at] === "\t") at++
  if (!text.startsWith("\r\n", at)) throw malformed()
  return at + 2
}

function addPart(form: FormData, head: string, content: Uint8Array<ArrayBuffer>): void {
  let disposition = ""
  let type: string | undefined
  for (const line of head.split("\r\n")) {
    const colon = line.indexOf(":")
    const name = line.slice(0, colon).trim().toLowerCase()
    if (name === "content-disposition") disposition = line.slice(colon + 1)
    else if (name === "content-type") type = line.slice(colon + 1).trim()
  }
  const name = parameter(disposition, "name")
  if (!/^\s*form-data\s*;/i.test(disposition) || name === undefined) throw malformed()
  const filename = parameter(disposition, "filename")
  if (filename === undefined) form.append(name, decodeUtf8(content))
  else form.append(name, new File([content], filename, { type: type ?? "text/plain" }))
}

/** A parameter of a header, with the escapes that browsers use in form data. */
function parameter(header: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^\\s;]+))`, "i").exec(header)
  return (match?.[1] ?? match?.[2])?.replace(/%0A/gi, "\n").replace(/%0D/gi, "\r").replace(/%22/g, '"')
}

function latin1(bytes: Uint8Array): string {
  const step = 2048
  let text = ""
  for (let i = 0; i < bytes.length; i += step) text += String.fromCharCode(...bytes.subarray(i, i + step))
  return text
}

function malformed(): TypeError {
  return new TypeError("Failed to parse body as FormData.")
}

/** Writes a form as multipart/form-data, under a boundary of its own. */
export function encodeMultipart(form: FormData): { source: Uint8Array<ArrayBuffer>; type: string } {
  const boundary = `----formdata-${Array.from(native.randomBytes(12), (byte) => byte.toString(16).padStart(2, "0")).join("")}`
  const parts: (string | File)[] = []
  for (const [name, value] of form) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(lineBreaks(name))}"`
    if (typeof value === "string") {
      parts.push(`${head}\r\n\r\n${lineBreaks(value)}\r\n`)
    } else {
      const type = value.type || "application/octet-stream"
      parts.push(
        `${head}; filename="${escapeName(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`,
        value,
        "\r\n",
      )
    }
  }
  parts.push(`--${boundary}--\r\n`)
  return { source: File.bytesOf(new File(parts, "")), type: `multipart/form-data; boundary=${boundary}` }
}

const escapeName = (name: string) => name.replace(/\n/g, "%0A").replace(/\r/g, "%0D").replace(/"/g, "%22")
const lineBreaks = (text: string) => text.replace(/\r?\n|\r/g, "\r\n")
