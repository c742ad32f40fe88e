/** A server in a process of its own, so that its CPU time is not the measuring process's. */
export interface ChildServer {
  /** What the server said it listens on. */
  url: string
  stop(): Promise<void>
}
/**
 * Starts a Node program with the loader of this process, and waits for its line `listening on <url>`.
 *
 * @throws Error when it ends before it listens; its standard error has been passed through.
 */
export declare function startChild(program: string, args: string[]): Promise<ChildServer>
