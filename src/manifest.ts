/**
 * What a build leaves for the gateway: which route runs where, and by which messages.
 *
 * `manifest.json`, the schema (a binary `FileDescriptorSet`) and the functions' wasm files lie in one
 * directory, `.hono-faasm/` unless the user says otherwise.
 *
 * @module
 */

/** Name of the manifest within the build directory. */
export const MANIFEST_FILE = "manifest.json"

/** The build's table of contents. */
export interface Manifest {
  /** Raised when the format changes; a gateway refuses another one than it knows. */
  format: 1
  /** Name of the app: lower case, digits, dashes. */
  app: string
  /** Faasm user that owns the functions. */
  user: string
  /** 64-bit hash of the schema, as 16 hex digits; never all zero. */
  schemaHash: string
  /** File of the binary `google.protobuf.FileDescriptorSet`, relative to the manifest. */
  schema: string
  /** The functions to upload. */
  functions: ManifestFunction[]
  /** Every route of the app (not its middleware), in the order of `app.routes`. */
  routes: ManifestRoute[]
}

/** A function of the build. */
export interface ManifestFunction {
  /** Faasm's function name. */
  name: string
  /** The wasm file, relative to the manifest. */
  file: string
  /** Size of the file in bytes. */
  bytes: number
  /** SHA-256 of the file, in hex. */
  sha256: string
  /** {@link ManifestRoute.index} of the routes it holds. */
  routes: number[]
}

/** A route of the app. */
export interface ManifestRoute {
  /** Row of the route's handler in `app.routes`, the same in gateway and guest. */
  index: number
  /** HTTP method in upper case; `ALL` for every method. */
  method: string
  /** Path pattern with base path and mounts, as `app.routes` has it. */
  path: string
  /** Name of the method in the app's service. */
  rpc: string
  /** Fully qualified name of the request message, as `orders.v1.PostOrdersByShopRequest`. */
  request: string
  /** Fully qualified name of the response message. */
  response: string
  /** Name of the function that runs it, or null when it stays in the gateway. */
  function: string | null
  /** Why the route stays local; absent when it does not. */
  local?: string
  /** What the handler may read beside its validated inputs. What is false is not sent. */
  needs: RouteNeeds
  /** Targets that have a validator, such as `json`: their section of the request message is filled. */
  validated: string[]
  /** Where the route is defined: `file:line`, relative to the app's root. */
  source: string
}

/** Parts of the request that a handler may read beside its validated inputs. */
export interface RouteNeeds {
  /** Request headers (`c.req.header`, cookies, `c.req.raw`). */
  headers: boolean
  /** The raw body (`c.req.json()` without validator, `text`, `parseBody`, `arrayBuffer`, `raw`, ...). */
  body: boolean
  /** The URL (`c.req.url`, `c.req.query`, ...); the path is sent in any case as its parameters. */
  url: boolean
  /** Context variables (`c.get`, `c.var`). */
  variables: boolean
}
