/**
 * Runs `close` once on SIGINT or SIGTERM and lets the process end; a second signal ends it at once, with the exit
 * code that shells expect (128 + signal).
 */
export function closeOnSignal(close: () => Promise<void>): void {
  let closing = false
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.on(signal, () => {
      if (closing) process.exit(code)
      closing = true
      console.error(`${signal}: finishing what is in flight (again to stop at once)`)
      close().then(
        () => process.exit(0),
        (error) => {
          console.error(error)
          process.exit(1)
        },
      )
    })
  }
}
