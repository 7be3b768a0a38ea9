/** The route of an attempt's connection: direct to its origin, or through a proxy. */

export interface Proxy {
  readonly protocol: 'http:' | 'https:' | 'socks5:'
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string
  readonly port: number
  /** Sent only to the proxy, never to an origin. */
  readonly credentials: { readonly username: string; readonly password: string } | undefined
  /** Equal for the same proxy with the same credentials, and for no other. Holds secrets: never print it. */
  readonly key: string
  /** For messages, without credentials: `http://proxy.example:3128`. */
  readonly name: string
}

/** One entry of NO_PROXY: requests that match it do not use a proxy. */
export interface Bypass {
  /** A name that includes all names below it, an IP address, or `*` for every host. */
  readonly host: string
  /** Undefined: every port. */
  readonly port: number | undefined
  /** If `host` is a network: the length of its prefix in bits. */
  readonly bits: number | undefined
}

/** The routes that a request may take. Plain data, computed once and sent to worker threads. */
export type Ways =
  | { readonly kind: 'direct' }
  | { readonly kind: 'proxies'; readonly proxies: readonly Proxy[] }
  /** The proxies of the environment, chosen by the scheme and host of each request. An empty list means direct. */
  | {
      readonly kind: 'environment'
      readonly http: readonly Proxy[]
      readonly https: readonly Proxy[]
      readonly except: readonly Bypass[]
    }

export const DIRECT: Ways = { kind: 'direct' }

/** Requests with the same key may share connections: the same origin (RFC 9110 §4.3.1) over the same proxy. */
export function routeKey(origin: string, proxy: Proxy | undefined): string {
  return proxy === undefined ? origin : `${origin} via ${proxy.key}`
}

/**
 * Whether the proxy itself gets the request, with the absolute URL (RFC 9112 §3.2.2). Otherwise it opens a tunnel and
 * does not see the request.
 */
export function isForwarded(origin: string, proxy: Proxy): boolean {
  return proxy.protocol !== 'socks5:' && origin.startsWith('http:')
}
