import { BenchError } from "../bench-error.ts"
import type { writeReport } from "./write-report.ts"

/**
 * Loads what writes reports.
 *
 * @throws {@link BenchError} `missing-package` when the plotting library is not installed: a user who measures nothing
 * has no use for it, so it comes with the project's clone, not with the package.
 */
export async function loadReportWriter(): Promise<typeof writeReport> {
  try {
    return (await import("./write-report.ts")).writeReport
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause
    throw new BenchError(
      "missing-package",
      "a report needs the packages vega and vega-lite: npm install --save-dev vega vega-lite@~6.4.3",
      { cause },
    )
  }
}
