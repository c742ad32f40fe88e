/** An order for `POST /price` of the payloads app, with a number of lines. */
export function orderOf(lines: number) {
  return {
    customer: "c-1029",
    currency: "EUR",
    lines: Array.from({ length: lines }, (_, i) => ({
      sku: `SKU-${1000 + i}`,
      name: `Product number ${i}`,
      quantity: (i % 5) + 1,
      unitPrice: 10 + i / 4,
      gift: i % 3 === 0,
    })),
  }
}
