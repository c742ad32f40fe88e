import type { FunctionClient, InvokeResult } from "../channel/function-client.ts"
import type { FunctionPath, InputForm, PathCall } from "./function-path.ts"

/** Calls by one way only. */
export class SinglePath implements FunctionPath {
  readonly #client: FunctionClient
  readonly #form: InputForm

  constructor(client: FunctionClient, form: InputForm) {
    this.#client = client
    this.#form = form
  }

  async invoke(call: PathCall): Promise<InvokeResult> {
    const input = call.encode(this.#form)
    return this.#client.invoke({ ...call, input })
  }

  ready(): Promise<boolean> {
    return this.#client.ready()
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
