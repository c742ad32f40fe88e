import { type ChildServer } from "./child.ts"
/** Starts the embedded runtime as a process of its own, on a free port. */
export declare function startRuntimeChild(): Promise<ChildServer>
