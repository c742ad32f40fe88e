import { findProduct, type TaxClass } from "./catalogue-data.ts"
import type { Country } from "./env.ts"
import { UnknownProduct } from "./errors.ts"

/** What somebody wants to buy. */
export interface Line {
  sku: string
  quantity: number
  note?: string | null
}

/** A line with its price. Amounts are in cents. */
export interface PricedLine extends Line {
  name: string
  unitCents: number
  netCents: number
  taxRate: number
  taxCents: number
}

/** Sums of a cart or an order. Amounts are in cents. */
export interface Totals {
  netCents: number
  discountCents: number
  /** Tax by rate, as `{ "20": 456 }`. */
  taxCents: Record<string, number>
  grossCents: number
}

const taxRates: Record<Country, Record<TaxClass, number>> = {
  AT: { standard: 20, reduced: 10, zero: 0 },
  DE: { standard: 19, reduced: 7, zero: 0 },
  FR: { standard: 20, reduced: 5.5, zero: 0 },
}

const vouchers: Record<string, number> = { WELCOME10: 10, STAFF25: 25 }

/** Prices every line; throws {@link UnknownProduct} for the first that the shop does not sell. */
export function priceLines(lines: readonly Line[], country: Country): PricedLine[] {
  return lines.map((line) => {
    const product = findProduct(line.sku)
    if (!product) throw new UnknownProduct(line.sku)
    const netCents = product.cents * line.quantity
    const taxRate = taxRates[country][product.taxClass]
    const taxCents = Math.round((netCents * taxRate) / 100)
    return { ...line, name: product.name, unitCents: product.cents, netCents, taxRate, taxCents }
  })
}

/** Adds up; an unknown voucher counts for nothing. */
export function total(lines: readonly PricedLine[], voucher?: string): Totals {
  const percent = (voucher && vouchers[voucher]) || 0
  const share = (100 - percent) / 100
  const taxCents: Record<string, number> = {}
  let netCents = 0
  for (const line of lines) {
    netCents += line.netCents
    const rate = String(line.taxRate)
    taxCents[rate] = (taxCents[rate] ?? 0) + Math.round(line.taxCents * share)
  }
  const discountCents = Math.round((netCents * percent) / 100)
  const tax = Object.values(taxCents).reduce((sum, cents) => sum + cents, 0)
  return { netCents, discountCents, taxCents, grossCents: netCents - discountCents + tax }
}
