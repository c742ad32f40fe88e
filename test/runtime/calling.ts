import type { InvocationCall, Invoker, Outcome } from "../../src/runtime/index.ts"

type CallOptions = Partial<InvocationCall> & { timeoutMs?: number }

/** Calls `demo/<name>` and waits for the outcome. */
export function call(
  invoker: Invoker,
  name: string,
  input: string | Uint8Array = "",
  options: CallOptions = {},
): Promise<Outcome> {
  return start(invoker, name, input, options).outcome
}

/** Calls `demo/<name>`. */
export function start(
  invoker: Invoker,
  name: string,
  input: string | Uint8Array = "",
  { timeoutMs = 60_000, ...rest }: CallOptions = {},
): { outcome: Promise<Outcome>; cancel: () => void } {
  let resolve: (outcome: Outcome) => void
  const outcome = new Promise<Outcome>((done) => (resolve = done))
  const { cancel } = invoker.submit(
    {
      user: "demo",
      function: name,
      input: Buffer.from(input),
      deadline: performance.now() + timeoutMs,
      queue: true,
      ...rest,
    },
    (ended) => resolve(ended),
  )
  return { outcome, cancel }
}

/** The output as text; throws when there is none. */
export function output(outcome: Outcome): string {
  if (outcome.error) throw new Error(`no output: ${outcome.error.message}`)
  return Buffer.from(outcome.output).toString("utf8")
}
