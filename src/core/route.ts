/** Where an attempt's connection goes: straight to its origin, or to a proxy that goes there. */

export interface Proxy {
  readonly protocol: 'http:' | 'https:' | 'socks5:'
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string
  readonly port: number
  /** Sent to the proxy alone, never to an origin. */
  readonly credentials: { readonly username: string; readonly password: string } | undefined
  /** Equal for the same proxy with the same credentials, and for no other. Holds secrets: never print it. */
  readonly key: string
  /** Fit to print: `http://proxy.example:3128`. */
  readonly name: string
}

/** A line of NO_PROXY: what is asked without a proxy. */
export interface Bypass {
  /** A name that covers all names below it, an address, or `*` for everything. */
  readonly host: string
  /** Every port where it is not given. */
  readonly port: number | undefined
  /** `host` is a network, of which this many bits count. */
  readonly bits: number | undefined
}

/** The ways that a request may take. Plain data: it is computed once and goes to worker threads. */
export type Ways =
  | { readonly kind: 'direct' }
  | { readonly kind: 'proxies'; readonly proxies: readonly Proxy[] }
  /** As the environment says, by the scheme and host of each request. An empty list is the direct way. */
  | {
      readonly kind: 'environment'
      readonly http: readonly Proxy[]
      readonly https: readonly Proxy[]
      readonly except: readonly Bypass[]
    }

export const DIRECT: Ways = { kind: 'direct' }

/** What may share a connection: RFC 9110 origins, and of those what takes the same way to them. */
export function routeKey(origin: string, proxy: Proxy | undefined): string {
  return proxy === undefined ? origin : `${origin} via ${proxy.key}`
}

/**
 * Whether the proxy itself gets the request, with the whole URL in it (RFC 9112 §3.2.2). Otherwise it only makes a
 * tunnel, and sees nothing of what goes through.
 */
export function isForwarded(origin: string, proxy: Proxy): boolean {
  return proxy.protocol !== 'socks5:' && origin.startsWith('http:')
}
