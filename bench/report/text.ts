/** Microseconds as milliseconds, three significant digits. */
export function ms(us: number | null | undefined): string {
  return us === null || us === undefined ? "–" : number(us / 1000)
}

/** Three significant digits, whole from 100, thousands apart. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–"
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString("en-US")
    : String(Number(value.toPrecision(3)))
}

/** A share as per cent, with one digit. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
