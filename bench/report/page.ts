import { html, raw } from "hono/html"
import type { BenchReport } from "../result.ts"
import { runLines } from "./run-lines.ts"
import type { Section, Table } from "./section.ts"
import { themeCss } from "./theme.ts"

const PAGE_CSS = `
body{margin:0;background:var(--surface);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:960px;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.7rem;margin:0 0 1rem;line-height:1.2}
h2{font-size:1.3rem;margin:3rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--grid)}
h3{font-size:1rem;margin:0}
p{max-width:46rem}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;list-style:none}
a{color:var(--blue)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0;font-size:.9rem}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
.quick{border-left:4px solid var(--orange);padding:.5rem 1rem;margin:1rem 0}
.conclusions{max-width:52rem;padding-left:1.2rem}
figure{margin:2rem 0}
figure .plot{overflow-x:auto;margin:.25rem 0 0 -12px}
figure svg{display:block;max-width:100%;height:auto;min-width:520px}
figcaption{color:var(--muted);font-size:.9rem;max-width:46rem}
.table{overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}
th{color:var(--muted);font-weight:500;white-space:normal;vertical-align:bottom}
th.text,td.text{text-align:left}
details{margin:.75rem 0}
summary{cursor:pointer}
`

/** The report as one page that needs nothing else. */
export async function reportPage(
  report: BenchReport,
  sections: readonly Section[],
  svgs: ReadonlyMap<string, string>,
): Promise<string> {
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>hono-faasm: evaluation</title>
<style>${raw(themeCss + PAGE_CSS)}</style>
</head>
<body>
<main>
<h1>hono-faasm: evaluation</h1>
<dl>${runLines(report).map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>
${report.quick ? html`<p class="quick">A quick run: it shows that everything works, not how fast.</p>` : ""}
<nav><ul>${sections.map(({ title }, i) => html`<li><a href="#section-${i}">${title}</a></li>`)}</ul></nav>
${sections.map((section, i) => sectionHtml(section, i, svgs))}
</main>
</body>
</html>
`
  return page.toString()
}

function sectionHtml(section: Section, index: number, svgs: ReadonlyMap<string, string>) {
  const { title, intro, conclusions, figures, tables } = section
  return html`<section>
<h2 id="section-${index}">${title}</h2>
<p>${intro}</p>
<ul class="conclusions">${conclusions.map((sentence) => html`<li>${sentence}</li>`)}</ul>
${figures.map(
  ({ name, title, caption }) => html`<figure>
<h3>${title}</h3>
<div class="plot">${raw(svgs.get(name) ?? "")}</div>
<figcaption>${caption}</figcaption>
</figure>
`,
)}
${tables.map(tableHtml)}
</section>
`
}

function tableHtml({ caption, columns, rows }: Table) {
  const isText = columns.map((name) => name.startsWith("<"))
  const cls = (i: number) => (isText[i] ? raw(' class="text"') : "")
  return html`<details ${rows.length <= 30 ? "open" : ""}>
<summary>${caption}</summary>
<div class="table"><table>
<thead><tr>${columns.map((name, i) => html`<th${cls(i)}>${name.replace(/^</, "")}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td${cls(i)}>${cell}</td>`)}</tr>`)}</tbody>
</table></div>
</details>
`
}
