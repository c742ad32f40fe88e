import { parse, View } from "vega"
import { compile } from "vega-lite"
import type { Figure } from "./figure.ts"
import { figureConfig, themeCss } from "./theme.ts"

/** What XML can't have, not even escaped; a figure has no line ends of its own. */
const NOT_XML = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu

/** Renders a figure as SVG for a page that has the theme's style sheet. */
export async function renderSvg({ title, spec }: Figure): Promise<string> {
  const { spec: vega } = compile({ ...spec, config: figureConfig })
  const view = new View(parse(vega), { renderer: "none" })
  try {
    const svg = (await view.toSVG()).replace(NOT_XML, "\ufffd").replace(/<[^>]*>/g, slimmed)
    const root = ` font-family="${figureConfig.font}" role="img"><title>${escaped(title)}</title>`
    return svg.replace(/<svg ([^>]*)>/, `<svg $1${root}`)
  } finally {
    view.finalize()
  }
}

/** A tag without what says nothing here: a hundredth of a pixel is enough, and the root has the font. */
function slimmed(tag: string): string {
  return tag
    .replace(/ (?:xmlns:xlink|class|role|aria-[a-z]+|pointer-events|font-family)="[^"]*"| opacity="1"/g, "")
    .replace(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))))
}

/** Makes of it a file of its own, with the theme's style sheet and a background. */
export function standaloneSvg(svg: string): string {
  const style = `<style>${themeCss}</style><rect width="100%" height="100%" fill="var(--surface)"/>`
  return `${svg.replace("</title>", `</title>${style}`)}\n`
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`)
}
