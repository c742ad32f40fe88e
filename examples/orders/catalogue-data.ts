/** Tax classes of goods. */
export type TaxClass = "standard" | "reduced" | "zero"

/** Something that the shop sells. Prices are net, in cents. */
export interface Product {
  sku: string
  name: string
  description: string | null
  cents: number
  taxClass: TaxClass
  tags: string[]
  /** Free-form facts: `{ colour: "red" }`. */
  attributes: Record<string, string>
  dimensions?: { width: number; height: number; depth: number }
  stock: Record<string, number>
  availableFrom: Date
}

/** The catalogue, constant for the life of a deployment. */
export const products: readonly Product[] = [
  {
    sku: "mug-01",
    name: "Mug “Größe L”",
    description: "Holds 0.4 l. Dishwasher safe ✅",
    cents: 1190,
    taxClass: "standard",
    tags: ["kitchen", "gift"],
    attributes: { colour: "blue", material: "stoneware" },
    dimensions: { width: 8.5, height: 11, depth: 8.5 },
    stock: { vienna: 14, berlin: 0 },
    availableFrom: new Date("2024-01-15T08:00:00.000Z"),
  },
  {
    sku: "book-07",
    name: "The Art of Small Functions",
    description: null,
    cents: 2750,
    taxClass: "reduced",
    tags: ["book"],
    attributes: { language: "en", binding: "hardcover" },
    stock: { vienna: 3, berlin: 8, lyon: 1 },
    availableFrom: new Date("2023-09-01T00:00:00.000Z"),
  },
  {
    sku: "tea-12",
    name: "抹茶 (matcha), 30 g",
    description: "First harvest",
    cents: 1895,
    taxClass: "reduced",
    tags: ["kitchen", "food"],
    attributes: {},
    stock: {},
    availableFrom: new Date("2024-05-20T06:30:00.000Z"),
  },
  {
    sku: "card-99",
    name: "Gift card",
    description: null,
    cents: 5000,
    taxClass: "zero",
    tags: ["gift"],
    attributes: { delivery: "e-mail" },
    stock: { online: 1e6 },
    availableFrom: new Date("2022-12-01T00:00:00.000Z"),
  },
]

/** The product with that number, if there is one. */
export const findProduct = (sku: string): Product | undefined => products.find((p) => p.sku === sku)
