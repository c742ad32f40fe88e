import { readFileSync } from "node:fs"
import { join } from "node:path"
import { createFileRegistry, type DescMessage, type FileRegistry, fromBinary } from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import { MANIFEST_FILE, type Manifest, type ManifestRoute } from "../manifest.ts"
import { GatewayError } from "./gateway-error.ts"

/** A build as the gateway uses it. */
export interface Build {
  manifest: Manifest
  /** The schema, and what it imports. */
  schema: FileRegistry
  /** The request and the response message of an offloaded route. */
  messagesOf(route: ManifestRoute): { request: DescMessage; response: DescMessage }
}

/**
 * Reads a build directory.
 *
 * @throws {@link GatewayError} with code `build_unreadable` or `build_format`.
 */
export function readBuild(dir: string): Build {
  const manifest = readManifest(dir)
  const schema = join(dir, manifest.schema)
  let registry: FileRegistry
  try {
    registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(schema)))
  } catch (cause) {
    throw new GatewayError("build_unreadable", `${schema} is not a readable schema; build the app again`, {
      cause,
    })
  }
  const message = (name: string): DescMessage => {
    const desc = registry.getMessage(name)
    if (desc) return desc
    throw new GatewayError("build_unreadable", `${schema} has no message ${name}; build the app again`)
  }
  return {
    manifest,
    schema: registry,
    messagesOf: (route) => ({ request: message(route.request), response: message(route.response) }),
  }
}

function readManifest(dir: string): Manifest {
  const file = join(dir, MANIFEST_FILE)
  let manifest: Manifest
  try {
    manifest = JSON.parse(readFileSync(file, "utf8"))
  } catch (cause) {
    throw new GatewayError(
      "build_unreadable",
      `there is no build in ${dir}: ${file} can't be read; run \`hono-faasm build\``,
      { cause },
    )
  }
  if (manifest.format !== 1) {
    throw new GatewayError(
      "build_format",
      `${file} has format ${manifest.format}, this version of hono-faasm knows 1; build the app again with it`,
    )
  }
  if (!/^[0-9a-f]{16}$/.test(manifest.schemaHash) || /^0+$/.test(manifest.schemaHash)) {
    throw new GatewayError("build_format", `${file} has no valid schema hash; build the app again`)
  }
  return manifest
}
