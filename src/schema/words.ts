/** The words of a name in camelCase, snake_case, kebab-case or anything else: `shopID2` is shop, id2. */
function wordsOf(name: string): string[] {
  return (
    name
      .normalize("NFKD")
      .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
      .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
      .match(/[A-Za-z0-9]+/g)
      ?.map((word) => word.toLowerCase()) ?? []
  )
}

/** A message's, enum's or method's name. Empty when the name has no letter or digit. */
export function pascalCase(name: string): string {
  const text = wordsOf(name)
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join("")
  return /^[0-9]/.test(text) ? `N${text}` : text
}

/** A field's or package's name; `field` when there is no letter or digit. */
export function snakeCase(name: string): string {
  const text = wordsOf(name).join("_") || "field"
  return /^[0-9]/.test(text) ? `n${text}` : text
}

/** An enum value's name, without the enum's prefix. */
export function upperSnakeCase(name: string): string {
  return wordsOf(name).join("_").toUpperCase()
}

/** The JSON name that protobuf gives a field by default. */
export function defaultJsonName(field: string): string {
  return field.replace(/_([a-z0-9])/g, (_, next: string) => next.toUpperCase()).replace(/_/g, "")
}

/** Gives each name once: a name that is taken gets the next free number behind it. */
export class UniqueNames {
  readonly #taken: Set<string>

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken)
  }

  take(name: string, separator = ""): string {
    let unique = name
    for (let n = 2; this.#taken.has(unique); n++) unique = `${name}${separator}${n}`
    this.#taken.add(unique)
    return unique
  }

  has(name: string): boolean {
    return this.#taken.has(name)
  }

  /** Makes a name free that turned out not to be needed. */
  release(name: string): void {
    this.#taken.delete(name)
  }
}
