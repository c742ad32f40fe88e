/** Who is calling, as the bearer token says. */
export interface User {
  id: string
  name: string
  role: "customer" | "clerk"
  /** Private customers have none. */
  company: string | null
}

/** Hono environment of the shop. */
export interface ShopEnv {
  Variables: {
    /** Set by `requireUser`. */
    user: User
    /** Country whose taxes apply; set for every request. */
    country: Country
  }
}

/** Countries that the shop delivers to. */
export type Country = "AT" | "DE" | "FR"
