/**
 * The path of a route with its parameters filled in.
 *
 * @module
 */

/** A parameter's value can't stand in a path. */
export class BadParameter extends Error {
  override readonly name = "BadParameter"
}

/** `/:name`, `/:name{pattern}`, `/:name?` or `/*` */
const PART = /\/(?::([^/{?]+)(\{(?:[^{}]|\{[^{}]*\})*\})?(\?)?|\*(?=\/|$))/g

/**
 * Fills a pattern in.
 *
 * @param params - values by name; `*` for the wildcard
 * @throws {@link BadParameter}
 */
export function fillPath(pattern: string, params: Record<string, unknown>): string {
  return pattern.replace(
    PART,
    (_part, name: string | undefined, constraint: string | undefined, optional: string | undefined) => {
      const value = params[name ?? "*"]
      if (value === undefined || value === null || value === "") {
        if (optional || name === undefined) return ""
        throw new BadParameter(`the parameter "${name}" is missing`)
      }
      // A pattern may match more than one segment, and so does the wildcard.
      return `/${name === undefined || constraint ? segments(value, name ?? "*") : segment(value, name)}`
    },
  )
}

function segments(value: unknown, name: string): string {
  return `${value}`
    .split("/")
    .map((part) => segment(part, name))
    .join("/")
}

function segment(value: unknown, name: string): string {
  const text = `${value}`
  // A URL has no way to say these: they stand for a folder, also when they are escaped.
  if (text === "." || text === "..") throw new BadParameter(`the parameter "${name}" can't be "${text}"`)
  if (!text.isWellFormed()) throw new BadParameter(`the parameter "${name}" has a lone surrogate`)
  // What a path may have unescaped stays as it is: a route's pattern may ask for it.
  return encodeURIComponent(text).replace(/%(?:40|3A|24|26|2B|2C|3B|3D)/g, decodeURIComponent)
}
