/** The options of a client's connections: where they go, and how they are opened. */
import type { Transport } from './ports.ts'
import type { Size } from './spec.ts'

/**
 * The part of an undici `Dispatcher` that is used. A `MockAgent`, a `Pool` or an agent of yours fits.
 *
 * @example transport: new MockAgent()
 */
export interface DispatcherLike {
  /** The method of undici that sends a request. */
  dispatch(options: never, handler: never): boolean
}

/** One IP address of a host, as text. */
export type LookupAnswer = string | { readonly address: string; readonly family?: number | undefined }

/**
 * Finds the addresses of a host name: Node's `dns.lookup` or `dns.promises.lookup`, or a function with the same shape.
 * It is called with `{ all: true }` and gives one address or several, through the callback or a promise.
 */
export type LookupInput = (
  hostname: string,
  options: { all?: boolean | undefined; family?: number | 'IPv4' | 'IPv6' | undefined; hints?: number | undefined },
  // The optional `family` is as loose as in Node's own types.
  callback: (error: Error | null, address: string | readonly LookupAnswer[], family?: number) => void,
) => unknown

/** How a client opens its connections. */
export interface ConnectionOptions {
  /**
   * Verify the TLS certificates of servers. Default true. A certificate that does not verify fails with `tls/…`.
   *
   * @example verifySsl: false
   */
  verifySsl?: boolean | undefined
  /**
   * TLS certificates in PEM. `ca` replaces the system's roots; `cert` and `key` are the client certificate. `pfx` is
   * used instead of those two: the bytes of a PKCS #12 file. `passphrase` decrypts the key or the `pfx`; it is never
   * printed. Default the system's roots and no client certificate. A key that cannot be decrypted is a ConfigError. If
   * the server refuses the client certificate, or requires one, the request fails with `tls/client_certificate`.
   *
   * @example tls: { pfx: readFileSync('client.p12'), passphrase: process.env.P12_PASSPHRASE }
   */
  tls?:
    | {
        ca?: string | readonly string[] | undefined
        cert?: string | undefined
        key?: string | undefined
        passphrase?: string | undefined
        pfx?: Uint8Array | undefined
      }
    | undefined
  /**
   * Connect only to addresses of the public Internet: for URLs that you do not trust. Each address is checked right
   * before the connection to it is opened, on every redirect and reconnect. Private, loopback, link-local, shared and
   * reserved addresses fail with `blocked/address`, and nothing is sent. Through a proxy the check is weaker: the name
   * is looked up and checked here, but the proxy looks it up again. Cannot be combined with `transport`. Default false.
   *
   * Source: the IANA special-purpose address registries, RFC 6890.
   *
   * @example blockPrivateAddresses: true
   */
  blockPrivateAddresses?: boolean | undefined
  /**
   * The most bytes of response headers, names and values together. Trailers have the same limit. Default 64 KiB, or
   * Node's `--max-http-header-size` if that is larger. `Infinity` = no limit; 0 is a ConfigError. Fails with
   * `too_large/headers`. Cannot be combined with `transport`.
   *
   * @example maxHeaderBytes: '256KiB'
   */
  maxHeaderBytes?: Size | undefined
  /**
   * A function that finds the addresses of a host name, called for every new connection. An error with a code of
   * `dns.lookup` fails with `dns/not_found`, `dns/temporary` or `dns/empty`; another error, or a result that is not an
   * address, with `callback/lookup`. Cannot be combined with `transport` or `workers`. Default the system's resolver
   * (`dns.lookup`), cached for 10 s.
   *
   * @example lookup: (hostname, options, callback) => callback(null, [{ address: '192.0.2.10', family: 4 }])
   */
  lookup?: LookupInput | undefined
  /**
   * Offer HTTP/2 (RFC 9113) to https origins. One connection then carries as many requests at once as the server
   * allows, within `concurrency`. A server without HTTP/2 gets HTTP/1.1. Default false.
   *
   * @example new ParallelRequests({ http2: true, concurrency: 100 })
   */
  http2?: boolean | undefined
  /**
   * Sends the requests instead of the built-in client: a `Transport`, or an undici `Dispatcher`. Default the built-in
   * one.
   *
   * @example transport: mockTransport(() => ({ json: { id: 7 } }))
   */
  transport?: Transport | DispatcherLike | undefined
}
