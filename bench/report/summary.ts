import type { BenchReport } from "../result.ts"
import { runLines } from "./run-lines.ts"
import type { Section, Table } from "./section.ts"

/** The report in Markdown; figures are files beside it. Headings begin at the second level, to be included elsewhere. */
export function summaryMarkdown(report: BenchReport, sections: readonly Section[]): string {
  const lines = runLines(report).map(([name, text]) => `- ${name}: ${escaped(text)}`)
  return `${[lines.join("\n"), ...sections.map(sectionMarkdown)].join("\n\n")}\n`
}

function sectionMarkdown({ title, intro, conclusions, figures, tables }: Section): string {
  return [
    `## ${escaped(title)}`,
    escaped(intro),
    ...(conclusions.length > 0 ? [conclusions.map((sentence) => `- ${escaped(sentence)}`).join("\n")] : []),
    ...figures.map(
      ({ name, title, caption }) =>
        `![${escaped(title)}](${name}.svg)\n\n*${escaped(title)}.* ${escaped(caption)}`,
    ),
    ...tables.map(tableMarkdown),
  ].join("\n\n")
}

function tableMarkdown({ caption, columns, rows }: Table): string {
  const names = columns.map((name) => name.replace(/^</, ""))
  const rules = columns.map((name) => (name.startsWith("<") ? "---" : "---:"))
  const lines = [names, rules, ...rows.map((row) => row)].map(
    (cells, i) => `| ${cells.map((cell) => (i === 1 ? cell : escaped(cell))).join(" | ")} |`,
  )
  return `${escaped(caption)}:\n\n${lines.join("\n")}`
}

/** Text as text: nothing in it is markup, nor ends a table's cell. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]|<>&]/g, "\\$&").replace(/\s+/g, " ")
}
