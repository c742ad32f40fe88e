import type { BenchReport } from "../result.ts"
import { breakdownSection } from "./breakdown-section.ts"
import { coldSection } from "./cold-section.ts"
import type { Figure } from "./figure.ts"
import { isolationSection } from "./isolation-section.ts"
import { otherSection } from "./other-section.ts"
import { relativeSection } from "./relative-section.ts"
import { rpcVsJsonSection } from "./rpc-vs-json-section.ts"
import { shopSection } from "./shop-section.ts"

/** What a report says of one experiment. */
export interface Section {
  experiment: string
  title: string
  /** What was measured, in a sentence or two. */
  intro: string
  conclusions: string[]
  figures: Figure[]
  tables: Table[]
}

/** Rows of texts. */
export interface Table {
  caption: string
  /** Names of the columns; those that begin with `<` are texts, and aligned to the left. */
  columns: string[]
  rows: string[][]
}

/** The part of a section that its experiment makes. */
export type SectionContent = Omit<Section, "experiment" | "conclusions">

const SECTIONS: Record<string, (rows: BenchReport["results"]) => SectionContent> = {
  relative: relativeSection,
  shop: shopSection,
  breakdown: breakdownSection,
  "rpc-vs-json": rpcVsJsonSection,
  cold: coldSection,
  isolation: isolationSection,
}

/** The sections of a report: one for each experiment that it has rows of. */
export function sectionsOf({ results, conclusions }: BenchReport): Section[] {
  return [...new Set(results.map((row) => row.experiment))].map((experiment) => {
    const rows = results.filter((row) => row.experiment === experiment)
    const content = Object.hasOwn(SECTIONS, experiment)
      ? SECTIONS[experiment]!(rows)
      : otherSection(experiment, rows)
    // Each begins with its experiment's name, and may go on with what part of it is meant.
    const own = conclusions.flatMap((sentence) =>
      [": ", ", "].flatMap((mark) =>
        sentence.startsWith(experiment + mark) ? sentence.slice(experiment.length + mark.length) : [],
      ),
    )
    return { experiment, conclusions: own, ...content }
  })
}
