import { extname } from "node:path"
import { Worker, type WorkerOptions } from "node:worker_threads"

/**
 * Starts a module of this package as a worker thread.
 *
 * @param name The module's file name without extension.
 * @param from `import.meta.url` of a module in the same directory.
 */
export function spawnWorker(name: string, from: string, options: WorkerOptions): Worker {
  const extension = extname(new URL(from).pathname)
  const url = new URL(`./${name}${extension}`, from)
  if (extension !== ".ts") return new Worker(url, options)
  // Run from its sources. A worker has to register the TypeScript loader for itself.
  const loader = import.meta.resolve("tsx/esm/api")
  return new Worker(
    `import(${JSON.stringify(loader)}).then(({ register }) => (register(), import(${JSON.stringify(url.href)})))`,
    { ...options, eval: true },
  )
}
