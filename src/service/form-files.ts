import { type DescField, type DescMessage, fromBinary } from "@bufbuild/protobuf"
import { reflect } from "@bufbuild/protobuf/reflect"
import { Code, ConnectError } from "@connectrpc/connect"
import { isFormFile } from "../codec/message-shape.ts"
import type { FormFile } from "../gen/hono_faasm/v1/annotations_pb.ts"
import { delimitedFields } from "./delimited-fields.ts"

/** Most files of a form. One that is empty has two bytes in the message, but costs a thousand times as much. */
const MAX_FILES = 1000

/** A file by the name of its field in the form. */
export type NamedFile = [name: string, file: FormFile]

/** The fields of a request message's form that take files. */
export function fileFields(request: DescMessage): DescField[] {
  const fields = formField(request)?.message?.fields ?? []
  return fields.filter(({ message }) => isFormFile(message))
}

/**
 * Reads the files of the form in a request message.
 *
 * @throws ConnectError `resource_exhausted` for more than 1,000; nothing has been made of them then
 */
export function readFormFiles(request: DescMessage, bytes: Uint8Array): NamedFile[] {
  const field = formField(request)
  if (field?.fieldKind !== "message") return []
  const count = countFiles(field.number, new Set(fileFields(request).map(({ number }) => number)), bytes)
  if (count > MAX_FILES) {
    throw new ConnectError(`the form has ${count} files; ${MAX_FILES} are allowed`, Code.ResourceExhausted)
  }
  const message = reflect(request, fromBinary(request, bytes, { readUnknownFields: false }))
  if (!message.isSet(field)) return []
  const form = message.get(field)
  return fileFields(request).flatMap((one): NamedFile[] => {
    if (!form.isSet(one)) return []
    const files = one.fieldKind === "list" ? [...form.get(one)] : [form.get(one)]
    return files.map((file) => [one.jsonName, (file as { message: FormFile }).message])
  })
}

/** A form with texts and files. */
export function formOf(texts: readonly [string, string][], files: readonly NamedFile[]): FormData {
  const form = new FormData()
  for (const [name, text] of texts) form.append(name, text)
  for (const [name, { data, name: fileName, contentType }] of files) {
    // Without a name, it would be a text for whoever reads the request; this one is FormData's own for it.
    form.append(name, new File([data as Uint8Array<ArrayBuffer>], fileName || "blob", { type: contentType }))
  }
  return form
}

function formField(request: DescMessage): DescField | undefined {
  return request.fields.find(({ jsonName, fieldKind }) => jsonName === "form" && fieldKind === "message")
}

/** On the wire, without making a message of each. */
function countFiles(form: number, files: ReadonlySet<number>, message: Uint8Array): number {
  let count = 0
  for (const [number, section] of delimitedFields(message)) {
    if (number !== form) continue
    for (const [file] of delimitedFields(section)) if (files.has(file)) count++
  }
  return count
}
