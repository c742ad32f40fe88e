/**
 * Compiles the guest's glue, guest/assembly/*.ts, to WebAssembly.
 *
 * @module
 */
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { packageRoot } from "../package-root.ts"
import { PackError } from "./pack-error.ts"
import {
  EXTERNAL,
  findSection,
  readImports,
  readSections,
  SECTION,
  writeImports,
  writeSections,
} from "./wasm-binary.ts"

/** The glue's sources by name (`entry.ts`). */
export type GlueSources = Map<string, string>

/** Reads the sources from the package. */
export async function readGlueSources(): Promise<GlueSources> {
  const directory = join(packageRoot, "guest", "assembly")
  const names = (await readdir(directory)).filter((name) => name.endsWith(".ts")).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")))
  return new Map(names.map((name, at) => [name, texts[at]!]))
}

/**
 * The glue as a module that imports QuickJS from `quickjs`. It has no data segment: its memory is QuickJS's, and
 * a segment would land in the middle of it.
 */
export async function compileGlue(sources: GlueSources): Promise<Uint8Array> {
  // Loaded only when something is compiled: it takes half a second.
  const { main } = await import("assemblyscript/asc")
  let wasm: Uint8Array | undefined
  let messages = ""
  const sink = {
    write: (text: string | Uint8Array) => {
      messages += text
    },
  }
  const { error } = await main(
    [
      "entry.ts",
      "--outFile=glue.wasm",
      "--runtime=stub",
      "--importMemory",
      "--noExportMemory",
      "--noAssert",
      "--use=abort=",
      "--optimizeLevel=3",
      "--disable=nontrapping-f2i",
      "--initialMemory=0",
      "--zeroFilledMemory",
    ],
    {
      stdout: sink,
      stderr: sink,
      readFile: (name) => sources.get(name) ?? null,
      writeFile: (_name, contents) => {
        if (typeof contents !== "string") wasm = contents
      },
      listFiles: () => [],
    },
  )
  if (error || !wasm) {
    throw new PackError("toolchain", `the guest's glue does not compile:\n${messages}`, { cause: error })
  }
  return importQuickJsMemory(wasm)
}

// AssemblyScript always names the memory that it imports env.memory.
function importQuickJsMemory(wasm: Uint8Array): Uint8Array {
  const sections = readSections(wasm)
  if (findSection(sections, SECTION.data)) {
    throw new PackError(
      "toolchain",
      "the guest's glue has a data segment, which would overwrite QuickJS's memory",
    )
  }
  const imports = readImports(findSection(sections, SECTION.import)).map((entry) =>
    entry.kind === EXTERNAL.memory ? { ...entry, module: "quickjs" } : entry,
  )
  return writeSections(
    sections.map((section) =>
      section.id === SECTION.import ? { ...section, body: writeImports(imports) } : section,
    ),
  )
}
