import { Command } from "commander"
import { DEFAULT_BUILD_DIR } from "./options.ts"
import { printProgress } from "./progress.ts"

/** `hono-faasm deploy`: uploads a build's functions. */
export function deployCommand(): Command {
  return new Command("deploy")
    .description("Upload the functions of a build to Faasm's upload server.")
    .option("-b, --build <dir>", "build directory, made by `hono-faasm build`", DEFAULT_BUILD_DIR)
    .requiredOption("--upload-url <url>", "Faasm's upload server, such as http://127.0.0.1:8002")
    .action(async (flags: { build: string; uploadUrl: string }) => {
      const { uploadBuild } = await import("../faaslet/index.ts")
      await uploadBuild(flags.build, { uploadUrl: flags.uploadUrl, onProgress: printProgress })
    })
}
