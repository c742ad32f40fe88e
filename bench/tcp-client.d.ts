/** Sends messages of one size over one connection to an echo server; each resolves when as many bytes are back. */
export interface TcpClient {
  call(): Promise<void>
  close(): void
}
/** Connects to the echo server. */
export declare function connectTcp(url: string, payloadBytes: number): Promise<TcpClient>
