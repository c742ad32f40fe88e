import type { DescMessage } from "@bufbuild/protobuf"
import { type MessagePlan, planOf } from "./plan.ts"

/** The functions of a generated source: one for each message that is reached, which may reach itself. */
export class MessageFunctions {
  readonly #names = new Map<DescMessage, string>()
  readonly #queue: MessagePlan[] = []

  /** The name of a message's function, which will be written if it has not been. */
  nameOf(desc: DescMessage): string {
    let name = this.#names.get(desc)
    if (!name) {
      name = `m${this.#names.size}`
      this.#names.set(desc, name)
      this.#queue.push(planOf(desc))
    }
    return name
  }

  /** The sources of all functions that have been named, and of those that these name. */
  write(source: (plan: MessagePlan) => string): string {
    const sources: string[] = []
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) sources.push(source(next))
    return sources.join("\n")
  }
}
