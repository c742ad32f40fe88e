import type { Country } from "./env.ts"
import type { Line } from "./pricing.ts"

/** Where an order stands. */
type OrderState = "placed" | "paid" | "shipped" | "returned"

/** An order that was placed earlier. */
export interface StoredOrder {
  id: string
  userId: string
  state: OrderState
  country: Country
  lines: Line[]
  placedAt: Date
  shippedAt: Date | null
  trackingNumber?: string
}

/** Archive of orders, constant for the life of a deployment. */
export const archive: readonly StoredOrder[] = [
  {
    id: "o-1001",
    userId: "u2",
    state: "shipped",
    country: "DE",
    lines: [{ sku: "mug-01", quantity: 2, note: "as a present" }],
    placedAt: new Date("2024-06-03T10:11:12.345Z"),
    shippedAt: new Date("2024-06-04T07:00:00.000Z"),
    trackingNumber: "JD0001",
  },
  {
    id: "o-1002",
    userId: "u2",
    state: "placed",
    country: "AT",
    lines: [
      { sku: "book-07", quantity: 1, note: null },
      { sku: "tea-12", quantity: 3 },
    ],
    placedAt: new Date("2024-07-19T23:59:59.999Z"),
    shippedAt: null,
  },
  {
    id: "o-1003",
    userId: "u1",
    state: "paid",
    country: "FR",
    lines: [{ sku: "card-99", quantity: 10 }],
    placedAt: new Date("2024-08-01T00:00:00.000Z"),
    shippedAt: null,
  },
]
