import type { BenchReport } from "../result.ts"

/** What a reader has to know of a run, by name. */
export function runLines({ date, commit, quick, machine, versions, host }: BenchReport): [string, string][] {
  const memory = `${(machine.memoryBytes / 1024 ** 3).toFixed(0)} GiB`
  return [
    ["Run", `${date}${quick ? ", quick: its figures are for a look, not to be quoted" : ""}`],
    ["Commit", commit ?? "unknown"],
    ["Host of the functions", host],
    ["Machine", `${machine.cpu}, ${machine.cores} cores, ${memory}, ${machine.os}`],
    [
      "Versions",
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
  ]
}
