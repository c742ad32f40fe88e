import type { Config } from "vega-lite"

/**
 * The colours of figures and page, as CSS custom properties: name, value on light and on dark. Figures name them only,
 * so the same file is readable in both.
 */
const COLOURS: readonly [name: string, light: string, dark: string][] = [
  ["surface", "#ffffff", "#181a1b"],
  ["text", "#1b1d1f", "#eceef0"],
  ["muted", "#5c6268", "#a5acb3"],
  ["grid", "#e3e6e9", "#33373b"],
  ["blue", "#2a6fc9", "#5b9cf0"],
  ["orange", "#d9541e", "#f08a55"],
  ["green", "#128a63", "#3fc196"],
  ["yellow", "#b58500", "#e0b33c"],
  ["violet", "#6a51b8", "#a995ee"],
  ["pink", "#c4487f", "#ee85b3"],
  ["grey", "#8b9096", "#7f868d"],
  ["blue-1", "#123f7c", "#2f6fbf"],
  ["blue-2", "#2a6fc9", "#5b9cf0"],
  ["blue-3", "#6fa3e6", "#8fbdf7"],
  ["blue-4", "#a3c6f2", "#b9d6fa"],
  ["blue-5", "#cfe1f8", "#dceafc"],
  ["orange-1", "#9c3a10", "#c8602b"],
  ["orange-2", "#d9541e", "#f08a55"],
  ["orange-3", "#ee8f64", "#f6b08c"],
  ["orange-4", "#f8c5ad", "#fbd6c3"],
  ["green-1", "#0a5a40", "#1f8a66"],
  ["green-2", "#128a63", "#3fc196"],
  ["green-3", "#6cc7a6", "#93dec3"],
]

/** A colour's reference, to be used wherever a figure has a colour. */
export function colour(name: string): string {
  return `var(--${name})`
}

/** The style sheet that gives the colours their values, light and dark. */
export const themeCss = `:root{color-scheme:light dark;${values(1)}}@media(prefers-color-scheme:dark){:root{${values(2)}}}`

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"

/** How all figures look. */
export const figureConfig: Config = {
  background: "transparent",
  font: FONT,
  // It would say of every mark what the tables say.
  aria: false,
  padding: 12,
  view: { stroke: null },
  axis: {
    labelColor: colour("muted"),
    titleColor: colour("muted"),
    gridColor: colour("grid"),
    domain: false,
    ticks: false,
    labelPadding: 6,
    titlePadding: 10,
    titleFontWeight: "normal",
    labelFontSize: 11,
    titleFontSize: 12,
    // Widths are estimates, and wide ones.
    labelLimit: 500,
  },
  legend: {
    labelColor: colour("text"),
    titleColor: colour("muted"),
    titleFontWeight: "normal",
    labelFontSize: 12,
    titleFontSize: 12,
    labelLimit: 500,
    orient: "top",
    symbolStrokeWidth: 2,
    symbolBaseStrokeColor: colour("muted"),
  },
  header: {
    labelColor: colour("text"),
    titleColor: colour("muted"),
    titleFontWeight: "normal",
    labelFontSize: 12,
    titleFontSize: 12,
  },
  line: { strokeWidth: 2 },
  point: { size: 45, filled: true },
}

function values(scheme: 1 | 2): string {
  return COLOURS.map((entry) => `--${entry[0]}:${entry[scheme]}`).join(";")
}
