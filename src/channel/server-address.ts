/** What a client shows and checks when it speaks TLS to a server; all in PEM. */
export interface ServerTls {
  /** The certificates that the server's has to come from. Default: those that Node trusts. */
  ca?: string | Buffer
  /** The client's own certificate, for servers that ask for one (mTLS). */
  cert?: string | Buffer
  /** The private key of `cert`. */
  key?: string | Buffer
}

/** Where a server is, and what it wants of its clients. */
export interface ServerAddress {
  readonly url: URL
  /** Request headers of every stream. */
  readonly headers: Readonly<Record<string, string>>
  readonly tls: ServerTls
}

/** RFC 6750, section 2.1. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * Checks the address of a server, and what is needed to be let in.
 *
 * @throws TypeError when something of it can't be used.
 */
export function serverAddress(server: string, access: { token?: string; tls?: ServerTls }): ServerAddress {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new TypeError(`"${server}" is no address of a server; it looks like http://127.0.0.1:8090`)
  const { token, tls } = access
  // Somebody who names certificates does not want what he sends to be read on the way.
  if (tls && url.protocol === "http:")
    throw new TypeError(`${server} is not reached by TLS; begin with https:`)
  if ((tls?.cert === undefined) !== (tls?.key === undefined))
    throw new TypeError("a client certificate needs its key, and a key its certificate")
  if (token !== undefined && !TOKEN.test(token))
    throw new TypeError("the token has characters that a bearer token can't have")
  return { url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, tls: tls ?? {} }
}
