import type { InvocationCall, Invoker, Outcome } from "../../src/runtime/index.ts"

/** Calls `demo/<name>` and waits for the outcome. */
export function call(
  invoker: Invoker,
  name: string,
  input: string | Uint8Array = "",
  options: Partial<InvocationCall> & { timeoutMs?: number } = {},
): Promise<Outcome> {
  const { timeoutMs = 5000, ...rest } = options
  return new Promise((resolve) => {
    invoker.submit(
      {
        user: "demo",
        function: name,
        input: Buffer.from(input),
        deadline: performance.now() + timeoutMs,
        queue: true,
        ...rest,
      },
      resolve,
    )
  })
}

/** The output as text; throws when there is none. */
export function output(outcome: Outcome): string {
  if (outcome.error) throw new Error(`no output: ${outcome.error.message}`)
  return Buffer.from(outcome.output).toString("utf8")
}
