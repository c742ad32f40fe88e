import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Command } from "commander"
import type { GatewayStatus } from "../gateway/index.ts"
import { MANIFEST_FILE, type Manifest } from "../manifest.ts"
import { CliError } from "./cli-error.ts"
import { STATUS_PATH } from "./dev.ts"
import { DEFAULT_BUILD_DIR } from "./options.ts"
import { routeTable, table } from "./route-table.ts"

/** `hono-faasm routes`: where each route runs, and which way its calls went. */
export function routesCommand(): Command {
  return new Command("routes")
    .description(
      "Show where each route of a build runs, by which function and messages, and why one stays local.",
    )
    .option("-b, --build <dir>", "build directory, made by `hono-faasm build`", DEFAULT_BUILD_DIR)
    .option(
      "--live <url>",
      `ask a running gateway which way its calls went (its status route, ${STATUS_PATH} in dev)`,
    )
    .option("--json", "print JSON")
    .action(async (flags: { build: string; live?: string; json?: boolean }) => {
      if (flags.live !== undefined) {
        const status = await fetchStatus(flags.live)
        console.log(flags.json ? JSON.stringify(status, null, 2) : liveTable(status))
        return
      }
      const manifest = await readManifest(flags.build)
      console.log(flags.json ? JSON.stringify(manifest.routes, null, 2) : routeTable(manifest))
    })
}

async function readManifest(dir: string): Promise<Manifest> {
  try {
    return JSON.parse(await readFile(join(dir, MANIFEST_FILE), "utf8"))
  } catch (cause) {
    throw new CliError("no-build", `${dir}: no build there; make one with \`hono-faasm build <app>\``, {
      cause,
    })
  }
}

async function fetchStatus(url: string): Promise<GatewayStatus> {
  const target = new URL(url)
  if (target.pathname === "/") target.pathname = STATUS_PATH
  const fail = (why: string, cause?: unknown) =>
    new CliError(
      "bad-argument",
      `--live ${target}: ${why}; is the gateway running, with the option status of offload()?`,
      {
        cause,
      },
    )
  const response = await fetch(target, { signal: AbortSignal.timeout(5000) }).catch((cause) => {
    throw fail("no answer", cause)
  })
  const status = (await response.json().catch(() => undefined)) as GatewayStatus | undefined
  if (!response.ok || !Array.isArray(status?.routes)) throw fail(`answered ${response.status}`)
  return status
}

function liveTable(status: GatewayStatus): string {
  const rows = status.routes.map((route) => [
    route.method,
    route.path,
    route.function ?? "-",
    String(route.calls.rpc),
    String(route.calls.planner),
    String(route.calls.local),
    String(route.failed),
    Object.entries(route.misfits)
      .map(([reason, count]) => `${reason} (${count})`)
      .join(", "),
  ])
  return table(["METHOD", "PATH", "FUNCTION", "RPC", "PLANNER", "LOCAL", "FAILED", "SENT AS JSON"], rows)
}
