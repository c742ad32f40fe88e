import { startRuntimeChild } from "./runtime-child.ts"

/** Where a Faasm is that functions are measured on. */
export interface TargetUrls {
  /** FunctionService. */
  rpc: string
  /** The planner's HTTP endpoint. */
  planner: string
  /** The upload server. */
  upload: string
}

/** The host that functions are measured on. */
export interface Target extends TargetUrls {
  /** The process id of the host, where its CPU time can be read: null for a Faasm. */
  pid: number | null
  stop(): Promise<void>
}

/** The Faasm that was named, or the embedded runtime in a process of its own. */
export async function openTarget(urls: TargetUrls | undefined): Promise<Target> {
  if (urls) return { ...urls, pid: null, async stop() {} }
  const { url, pid, stop } = await startRuntimeChild()
  return { rpc: url, planner: url, upload: url, pid, stop }
}
