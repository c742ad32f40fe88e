import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { reportText } from "../report-text.ts"
import type { BenchReport } from "../result.ts"
import { reportPage } from "./page.ts"
import { renderSvg, standaloneSvg } from "./render-svg.ts"
import { sectionsOf } from "./section.ts"
import { summaryMarkdown } from "./summary.ts"

/** Samples of a row in the report's JSON: enough for its figures, few enough to keep it in a repository. */
const MAX_SAMPLES = 100

/**
 * Writes a report into a directory, which is made when there is none: `report.html` (one file, nothing else needed),
 * `summary.md`, each figure as SVG, and `report.json` with the results and at most 100 samples of each.
 *
 * @returns the files
 */
export async function writeReport(whole: BenchReport, dir: string): Promise<string[]> {
  // All of it is made of what the JSON has: who has that can make it again.
  const report = { ...whole, results: whole.results.map(thinned) }
  const sections = sectionsOf(report)
  const svgs = new Map<string, string>()
  for (const figure of sections.flatMap(({ figures }) => figures)) {
    svgs.set(figure.name, await renderSvg(figure))
  }
  const files: [name: string, text: string][] = [
    ["report.html", await reportPage(report, sections, svgs)],
    ["summary.md", summaryMarkdown(report, sections)],
    ["report.json", reportText(report)],
    ...[...svgs].map(([name, svg]) => [`${name}.svg`, standaloneSvg(svg)] as [string, string]),
  ]
  await mkdir(dir, { recursive: true })
  return Promise.all(
    files.map(async ([name, text]) => {
      const file = join(dir, name)
      await writeFile(file, text)
      return file
    }),
  )
}

function thinned(row: BenchReport["results"][number]): BenchReport["results"][number] {
  const { samplesUs } = row
  if (!samplesUs || samplesUs.length <= MAX_SAMPLES) return row
  const every = samplesUs.length / MAX_SAMPLES
  return {
    ...row,
    samplesUs: Array.from({ length: MAX_SAMPLES }, (_, i) => samplesUs[Math.floor(i * every)]!),
  }
}
