/** Where an attempt's connection goes: straight to its origin, or to a proxy that goes there. */

export interface Proxy {
  readonly protocol: 'http:' | 'https:' | 'socks5:'
  readonly hostname: string
  readonly port: number
  /** Sent to the proxy alone, never to an origin. */
  readonly credentials: { readonly username: string; readonly password: string } | undefined
  /** Equal for the same proxy with the same credentials, and for no other. Holds secrets: never print it. */
  readonly key: string
  /** Fit to print: `http://proxy.example:3128`. */
  readonly name: string
}

/** What may share a connection: RFC 9110 origins, and of those what takes the same way to them. */
export function routeKey(origin: string, proxy: Proxy | undefined): string {
  return proxy === undefined ? origin : `${origin} via ${proxy.key}`
}
