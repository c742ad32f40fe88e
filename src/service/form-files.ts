import { type DescField, type DescMessage, fromBinary } from "@bufbuild/protobuf"
import { reflect } from "@bufbuild/protobuf/reflect"
import { type FormFile, FormFileSchema } from "../gen/hono_faasm/v1/annotations_pb.ts"

/** A file by the name of its field in the form. */
export type NamedFile = [name: string, file: FormFile]

/** The fields of a request message's form that take files. */
export function fileFields(request: DescMessage): DescField[] {
  const fields = formField(request)?.message?.fields ?? []
  return fields.filter(({ message }) => message?.typeName === FormFileSchema.typeName)
}

/** Reads the files of the form in a request message. */
export function readFormFiles(request: DescMessage, bytes: Uint8Array): NamedFile[] {
  const field = formField(request)
  if (field?.fieldKind !== "message") return []
  const message = reflect(request, fromBinary(request, bytes))
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
    form.append(name, new File([data as Uint8Array<ArrayBuffer>], fileName, { type: contentType }))
  }
  return form
}

function formField(request: DescMessage): DescField | undefined {
  return request.fields.find(({ jsonName, fieldKind }) => jsonName === "form" && fieldKind === "message")
}
