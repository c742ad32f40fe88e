/**
 * The HTTP/JSON dialect of an unpatched Faasm's planner.
 *
 * @module
 */

export { PlannerClient, type PlannerOptions } from "./planner-client.ts"
