import type { RouteNeeds } from "../../manifest.ts"

/** Nothing beside the validated inputs. */
export function noNeeds(): RouteNeeds {
  return { headers: false, body: false, url: false, variables: false }
}

/** Everything: what is sent when a handler's use of its context is not understood. */
export const everything: RouteNeeds = { headers: true, body: true, url: true, variables: true }

/** Adds `more` to `needs`. */
export function addNeeds(needs: RouteNeeds, more: Partial<RouteNeeds>): void {
  needs.headers ||= more.headers ?? false
  needs.body ||= more.body ?? false
  needs.url ||= more.url ?? false
  needs.variables ||= more.variables ?? false
}
