import type { Manifest } from "../manifest.ts"

/** Lays out the routes of a build: where each runs, by which function and messages, and why one stays local. */
export function routeTable(manifest: Manifest): string {
  const rows = manifest.routes.map((route) => [
    route.method,
    route.path,
    route.function ? "faasm" : "local",
    route.function ? `${manifest.user}/${route.function}` : "-",
    shortName(route.request),
    shortName(route.response),
    route.local ?? "",
  ])
  return table(["METHOD", "PATH", "RUNS", "FUNCTION", "REQUEST", "RESPONSE", "WHY LOCAL"], rows)
}

/** Lays out rows in columns, each as wide as its widest cell. */
export function table(head: string[], rows: string[][]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
}

function shortName(message: string): string {
  return message.slice(message.lastIndexOf(".") + 1)
}
