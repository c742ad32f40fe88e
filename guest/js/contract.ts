/** What the glue calls with a request, and gets back: both sides of `globalThis.__honoFaasm`. */
export interface Guest {
  /** The rows of `app.routes`, middleware included. */
  routes(): { method: string; path: string }[]
  /** Runs a route's handler. */
  invoke(inv: Invocation): Reply | Promise<Reply>
  /** Runs it again when the value of its JSON body turned out to have no JSON form, with what JSON.stringify threw. */
  bodyFailed(inv: Invocation, error: unknown): Reply | Promise<Reply>
  /** What stands for a context variable that could not leave the gateway. */
  unavailable(name: string, type: string): unknown
  /** Makes what every request needs, so that it is in the snapshot. */
  warmUp(): void
  /** Fires the next timer; false when there is none. */
  idle(): boolean
}

/** A request for a route's handler. What the route does not need is absent. */
export interface Invocation {
  /** Row of the handler in `app.routes`. */
  route: number
  method: string
  url: string | undefined
  /** Name and value in turn. */
  headers: string[] | undefined
  body: Uint8Array<ArrayBuffer> | undefined
  /** In order of the pattern. */
  params: (string | undefined)[] | undefined
  /** Name and value in turn. */
  variables: unknown[] | undefined
  /** The route's request message: validated inputs by target, and unvalidated path parameters. */
  input: Record<string, unknown> | undefined
}

/** A handler's answer. */
export interface Reply {
  /** 0 when the handler did not choose one. */
  status: number
  /** Name, value and {@link HeaderMode} in turn. */
  headers: (string | HeaderMode)[]
  kind: BodyKind
  /** A JSON value, bytes or text, as `kind` says. */
  body: unknown
  /** Made without Hono's context. */
  plain: boolean
  /** What the handler set: name and value in turn. */
  variables: unknown[] | undefined
  /** What the handler threw and the app's onError answered. */
  thrown: { name: string; message: string; stack: string } | undefined
  /** There is no response. */
  failure: { kind: number; message: string; stack: string } | undefined
}

/** What a header does to those of the same name. */
export type HeaderMode = typeof SET | typeof APPEND | typeof DELETE
export const SET = 0
export const APPEND = 1
export const DELETE = 2

/** What {@link Reply.body} is. */
type BodyKind = typeof NO_BODY | typeof JSON_BODY | typeof BYTES_BODY | typeof TEXT_BODY | typeof NOT_FOUND
export const NO_BODY = 0
export const JSON_BODY = 1
export const BYTES_BODY = 2
export const TEXT_BODY = 3
export const NOT_FOUND = 4

/** Kinds of failure, as in the invocation contract. */
export const UNKNOWN_ROUTE = 3
export const THROWN = 4
export const BAD_RESPONSE = 8
