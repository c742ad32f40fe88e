import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { MANIFEST_FILE, type Manifest, type ManifestFunction } from "../manifest.ts"
import { UploadError } from "./upload-error.ts"

/** What {@link uploadBuild} takes. */
export interface UploadOptions {
  /** Faasm's upload server, such as `http://127.0.0.1:8002`. */
  uploadUrl: string
  /**
   * How long one upload may take, in ms. Default: 5 minutes, as Faasm compiles the function to machine code
   * before it answers.
   */
  timeoutMs?: number
  /** Is told of each step. */
  onProgress?: (message: string) => void
}

/**
 * Uploads the functions of a build, one after the other, as `PUT /f/<user>/<function>`.
 *
 * @param dir - the build directory
 * @throws {@link UploadError}
 */
export async function uploadBuild(dir: string, options: UploadOptions): Promise<void> {
  const server = serverUrl(options.uploadUrl)
  const manifest = await readManifest(dir)
  for (const fn of manifest.functions) {
    const wasm = await readFunction(dir, fn)
    options.onProgress?.(`uploading ${manifest.user}/${fn.name} (${Math.round(fn.bytes / 1024)} KiB)`)
    await uploadFunction(server.href, manifest.user, fn.name, wasm, options.timeoutMs)
  }
}

/**
 * Uploads a function as `PUT /f/<user>/<function>`.
 *
 * @param timeoutMs - see {@link UploadOptions.timeoutMs}
 * @throws {@link UploadError} `bad_url`, `unreachable`, `timeout`, `refused`
 */
export async function uploadFunction(
  uploadUrl: string,
  user: string,
  name: string,
  wasm: Uint8Array<ArrayBuffer>,
  timeoutMs = defaultTimeoutMs,
): Promise<void> {
  const path = `f/${encodeURIComponent(user)}/${encodeURIComponent(name)}`
  await put(new URL(path, serverUrl(uploadUrl)), wasm, timeoutMs)
}

/** The upload server's address, as the directory that its paths are in. */
function serverUrl(uploadUrl: string): URL {
  if (URL.canParse(uploadUrl)) return new URL(uploadUrl.endsWith("/") ? uploadUrl : `${uploadUrl}/`)
  throw new UploadError(
    "bad_url",
    `the upload server's address ${JSON.stringify(uploadUrl)} is no URL, such as http://127.0.0.1:8002`,
  )
}

const defaultTimeoutMs = 5 * 60_000

async function readManifest(dir: string): Promise<Manifest> {
  let manifest: Manifest
  try {
    manifest = JSON.parse(await readFile(join(dir, MANIFEST_FILE), "utf8"))
  } catch (cause) {
    throw new UploadError("no_build", `there is no build in ${dir}; make one with hono-faasm build`, {
      cause,
    })
  }
  if (manifest.format !== 1) {
    throw new UploadError(
      "no_build",
      `the build in ${dir} was made by another version of hono-faasm; build again`,
    )
  }
  return manifest
}

async function readFunction(
  dir: string,
  { name, file, sha256 }: ManifestFunction,
): Promise<Uint8Array<ArrayBuffer>> {
  const wasm = await readFile(join(dir, file)).catch((cause) => {
    throw new UploadError("changed_file", `${file} of function ${name} can't be read; build again`, { cause })
  })
  if (createHash("sha256").update(wasm).digest("hex") !== sha256) {
    throw new UploadError(
      "changed_file",
      `${file} is not what the build made of function ${name}; build again`,
    )
  }
  return wasm
}

async function put(url: URL, wasm: Uint8Array<ArrayBuffer>, timeoutMs: number): Promise<void> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: "PUT",
      body: wasm,
      headers: { "content-type": "application/wasm" },
      signal: AbortSignal.timeout(timeoutMs),
    })
    text = await response.text()
  } catch (cause) {
    if ((cause as Error).name === "TimeoutError") {
      throw new UploadError("timeout", `${url} did not answer within ${timeoutMs} ms`, { cause })
    }
    const reason = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message
    throw new UploadError("unreachable", `${url} can't be reached: ${reason}`, { cause })
  }
  if (!response.ok) {
    throw new UploadError("refused", `${url} answered ${response.status}: ${text.trim().slice(0, 500)}`)
  }
}
