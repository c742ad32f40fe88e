import { readFile } from "node:fs/promises"
import { extname } from "node:path"
import type { Loader, Plugin } from "esbuild"

const importsZ = /^(\s*import\s*)\{\s*z\s*\}(\s*from\s*["']zod(?:\/v\d+)?["'])/gm

/**
 * Turns an app's `import { z } from "zod"` into `import * as z`, which means the same: the bundler drops the unused
 * parts of a module only if it sees the module itself, and zod brings a megabyte of other languages' messages.
 */
export const zodImports: Plugin = {
  name: "zod-imports",
  setup(build) {
    build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path, namespace }) => {
      if (namespace !== "file" || path.includes("node_modules")) return undefined
      const text = await readFile(path, "utf8")
      if (!text.includes("zod")) return undefined
      const loader = extname(path).replace(/^\.[cm]?/, "") as Loader
      return { contents: text.replace(importsZ, "$1* as z$2"), loader }
    })
  },
}
