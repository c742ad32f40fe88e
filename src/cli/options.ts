import { InvalidArgumentError } from "commander"

/** Directory that a build goes to when no other is named. */
export const DEFAULT_BUILD_DIR = ".hono-faasm"

/** Parses a TCP port, 0 to 65535. */
export function parsePort(text: string): number {
  return parseWhole(text, 0, 65_535)
}

/** Makes a parser of whole numbers within bounds, for a command's option. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => parseWhole(text, min, max)
}

function parseWhole(text: string, min: number, max: number): number {
  const value = Number(text)
  if (text.trim() === "" || !Number.isInteger(value) || value < min || value > max) {
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`)
  }
  return value
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

/**
 * Reads `--local "GET /path"` and `--offload "GET /path"` into the builder's overrides.
 *
 * @throws {@link InvalidArgumentError} when one is not a method and a path.
 */
export function parseOverrides(
  local: string[] = [],
  offload: string[] = [],
): Record<string, "local" | "offload"> {
  const overrides: Record<string, "local" | "offload"> = {}
  for (const [list, where] of [
    [local, "local"],
    [offload, "offload"],
  ] as const) {
    for (const route of list) {
      if (!/^[A-Z]+ \/\S*$/.test(route)) {
        throw new InvalidArgumentError(`--${where} takes a route such as "GET /orders/:id", not "${route}".`)
      }
      overrides[route] = where
    }
  }
  return overrides
}
