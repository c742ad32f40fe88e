import { Blob, File } from "./blob.ts"

/** A form field's value. */
export type FormDataValue = string | File

/** The web's FormData. */
export class FormData {
  #entries: [string, FormDataValue][] = []

  append(name: string, value: string | Blob, filename?: string): void {
    this.#entries.push([String(name).toWellFormed(), toValue(value, filename)])
  }

  set(name: string, value: string | Blob, filename?: string): void {
    name = String(name).toWellFormed()
    const at = this.#entries.findIndex(([other]) => other === name)
    if (at === -1) {
      this.append(name, value, filename)
      return
    }
    this.#entries[at] = [name, toValue(value, filename)]
    this.#entries = this.#entries.filter(([other], i) => i <= at || other !== name)
  }

  delete(name: string): void {
    this.#entries = this.#entries.filter(([other]) => other !== name)
  }

  get(name: string): FormDataValue | null {
    return this.#entries.find(([other]) => other === name)?.[1] ?? null
  }

  getAll(name: string): FormDataValue[] {
    return this.#entries.filter(([other]) => other === name).map(([, value]) => value)
  }

  has(name: string): boolean {
    return this.#entries.some(([other]) => other === name)
  }

  forEach(callback: (value: FormDataValue, name: string, form: FormData) => void, self?: unknown): void {
    for (const [name, value] of this.#entries) callback.call(self, value, name, this)
  }

  *entries(): IterableIterator<[string, FormDataValue]> {
    for (const [name, value] of this.#entries) yield [name, value]
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.#entries) yield name
  }

  *values(): IterableIterator<FormDataValue> {
    for (const [, value] of this.#entries) yield value
  }

  [Symbol.iterator](): IterableIterator<[string, FormDataValue]> {
    return this.entries()
  }

  get [Symbol.toStringTag](): string {
    return "FormData"
  }
}

function toValue(value: string | Blob, filename: string | undefined): FormDataValue {
  if (!(value instanceof Blob)) return String(value).toWellFormed()
  if (value instanceof File && filename === undefined) return value
  return new File([value], filename ?? "blob", { type: value.type })
}
