import { textChecksum } from "./checksum.ts"

const LEVELS = ["debug", "info", "warning", "error"] as const
type Level = (typeof LEVELS)[number]

/** A logger that formats what it lets through, and hands it to its handlers. */
class Logger {
  readonly #name: string
  readonly #threshold: number
  readonly #handlers: ((line: string) => void)[] = []

  constructor(name: string, level: Level) {
    this.#name = name
    this.#threshold = LEVELS.indexOf(level)
  }

  addHandler(handler: (line: string) => void): void {
    this.#handlers.push(handler)
  }

  log(level: Level, message: string, ...values: unknown[]): void {
    if (LEVELS.indexOf(level) < this.#threshold) return
    let at = 0
    const text = message.replaceAll("%s", () => String(values[at++]))
    const line = `${level.toUpperCase()}:${this.#name}:${text}`
    for (const handler of this.#handlers) handler(line)
  }
}

/** Logs silently (below the level), simply, and with values to format. */
export function logging(rounds: number): { lines: number; characters: number; checksum: number } {
  const written: string[] = []
  const logger = new Logger("benchmark", "warning")
  logger.addHandler((line) => written.push(line))
  for (let round = 0; round < rounds; round++) {
    logger.log("debug", "silent %s", round)
    logger.log("warning", "hi")
    logger.log("error", "%s of %s: %s", round, rounds, "message")
  }
  const text = written.join("\n")
  return { lines: written.length, characters: text.length, checksum: textChecksum(text) }
}
