import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { packageRoot } from "../package-root.ts"
import { areUnchanged, type FileStamp, hashFile, stampFiles } from "./file-stamps.ts"

/** What the last build into a directory was made of. */
interface BuildRecord {
  /** Options and toolchain. */
  key: string
  inputs: FileStamp[]
  /** Hash of what it wrote, by file name. */
  outputs: Record<string, string>
}

/**
 * What earlier builds into a directory left behind: the functions they packed, by what went into them, and a
 * record of the last one.
 */
export class BuildCache {
  /** Where parts lie that outlive a build. */
  readonly dir: string
  readonly #outDir: string

  constructor(outDir: string) {
    this.#outDir = outDir
    this.dir = join(outDir, "cache")
    mkdirSync(this.dir, { recursive: true })
  }

  /** Whether the last build had these options and toolchain, its inputs are as they were, and its outputs still are. */
  isCurrent(key: string): boolean {
    const record = this.#readRecord()
    if (record?.key !== key || !areUnchanged(record.inputs)) return false
    return Object.entries(record.outputs).every(([name, hash]) => {
      try {
        return hashFile(join(this.#outDir, name)) === hash
      } catch {
        return false
      }
    })
  }

  /** Records a build. */
  record(key: string, inputs: Iterable<string>, outputs: readonly string[]): void {
    const record: BuildRecord = {
      key,
      inputs: stampFiles(inputs),
      outputs: Object.fromEntries(outputs.map((name) => [name, hashFile(join(this.#outDir, name))])),
    }
    writeWhole(this.#recordFile, JSON.stringify(record))
  }

  /** The wasm that was packed from what `parts` hash to; packed now if it was not. */
  async packed(
    parts: readonly (string | Uint8Array)[],
    pack: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const file = join(this.dir, `function-${hashOf(parts).slice(0, 32)}.wasm`)
    try {
      return readFileSync(file)
    } catch {
      // Not packed yet.
    }
    const wasm = await pack()
    writeWhole(file, wasm)
    this.#forgetOld()
    return wasm
  }

  /** Keeps the last functions only: each is a megabyte or so. */
  #forgetOld(): void {
    const files = readdirSync(this.dir)
      .filter((name) => /^function-.*\.wasm$/.test(name))
      .map((name) => join(this.dir, name))
    for (const { path } of stampFiles(files)
      .sort((a, b) => b.modified - a.modified)
      .slice(maxFunctions))
      rmSync(path)
  }

  get #recordFile(): string {
    return join(this.dir, "build.json")
  }

  #readRecord(): BuildRecord | undefined {
    try {
      return JSON.parse(readFileSync(this.#recordFile, "utf8"))
    } catch {
      return undefined
    }
  }
}

const maxFunctions = 64

/** SHA-256 over parts, each told from the next. */
export function hashOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256")
  for (const part of parts) hash.update(`${part.length}:`).update(part)
  return hash.digest("hex")
}

const require = createRequire(import.meta.url)
const tools = ["assemblyscript", "binaryen", "esbuild", "quickjs-wasi", "typescript"]

/** Hash of all the code that makes functions: another one makes other functions of the same app. */
export function toolchainHash(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const files = [join(packageRoot, "guest"), here, join(here, "..", "schema")].flatMap((dir) =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort(),
  )
  const versions = tools.map((tool) => (require(`${tool}/package.json`) as { version: string }).version)
  return hashOf([...versions, ...files.map((file) => readFileSync(file))])
}

/** Writes a file so that no one ever reads half of it. */
export function writeWhole(file: string, content: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, content)
  renameSync(temporary, file)
}
