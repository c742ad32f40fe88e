import { statSync } from "node:fs"
import ts from "typescript"

/** By file, and by what it is parsed for. They are a hundred megabytes, which whoever needs them may have. */
const parsed = new Map<string, { version: string; file: WeakRef<ts.SourceFile> }>()

/**
 * A compiler host that parses declaration files once, until they change: those of the language and of packages are most
 * of what a program parses, and the same for all programs with the same options.
 */
export function cachingHost(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  const settings = JSON.stringify({ ...options, configFilePath: undefined })
  host.getSourceFile = (name, how, ...more) => {
    const parse = () => getSourceFile.call(host, name, how, ...more)
    const status = /\.d\.[cm]?ts$/.test(name) ? statSync(name, { throwIfNoEntry: false }) : undefined
    if (!status) return parse()
    const key = JSON.stringify([name, typeof how === "object" && how.impliedNodeFormat, settings])
    // Some package managers give all files one time of modification.
    const version = `${status.ino} ${status.ctimeMs} ${status.size}`
    const known = parsed.get(key)
    const kept = known?.version === version ? known.file.deref() : undefined
    if (kept) return kept
    const file = parse()
    if (file) parsed.set(key, { version, file: new WeakRef(file) })
    return file
  }
  return host
}
