/** Where a client's connections go, and how they are made. */
import type { Transport } from './ports.ts'
import type { Size } from './spec.ts'

/** The part of an undici `Dispatcher` that is used: give a `MockAgent`, a `Pool`, an agent of your own. */
export interface DispatcherLike {
  dispatch(options: never, handler: never): boolean
}

/** One address of a host, in text. */
export type LookupAnswer = string | { readonly address: string }

/**
 * Finds the addresses of a host name: `dns.lookup` or `dns.promises.lookup` of Node, or a function like one of them. It
 * is asked with `{ all: true }` and answers with one address or several, through the callback or a promise.
 */
export type LookupInput = (
  hostname: string,
  options: { all?: boolean | undefined; family?: number | 'IPv4' | 'IPv6' | undefined; hints?: number | undefined },
  // As loose as Node's own types have it.
  callback: (error: Error | null, address: string | readonly LookupAnswer[], family?: number) => void,
) => unknown

/** How the connections of a client are made. */
export interface ConnectionOptions {
  /** Check TLS certificates. Default true. */
  verifySsl?: boolean | undefined
  /**
   * Certificates in PEM: `ca` replaces the system's roots; `cert` and `key` are the client's own. Instead of those two,
   * `pfx` takes the bytes of a PKCS #12 file. `passphrase` opens the key or the `pfx`; it never prints. A server that
   * refuses the certificate, or the lack of one, is `tls/client_certificate`. Default the system's roots and no
   * certificate. A key that cannot be opened is a ConfigError.
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
   * Connect to addresses of the public Internet only: for URLs from people you do not know. Checked on the bytes of each
   * address that is about to be connected to, on every redirect and reconnect; private, loopback, link-local, shared and
   * reserved addresses fail with `blocked/address`, and nothing is sent. Through a proxy the name is looked up and checked
   * here, but the proxy looks it up itself. Not with `transport`. Default false.
   *
   * Source: the IANA special-purpose address registries, RFC 6890.
   */
  blockPrivateAddresses?: boolean | undefined
  /**
   * Largest head of a response, its names and values together; trailers have the same limit. A number of bytes, or a size
   * such as `'128KiB'`. Default 64 KiB, or what Node's own `--max-http-header-size` says if that is more. Infinity for no
   * limit. A larger one fails with `too_large/headers`. Not with `transport`.
   *
   * @example maxHeaderBytes: '256KiB'
   */
  maxHeaderBytes?: Size | undefined
  /**
   * Finds the addresses of host names, for every new connection. An error with a code of `dns.lookup` fails with
   * `dns/not_found`, `dns/temporary` or `dns/empty`; another error, or an answer that is no address, with
   * `callback/lookup`. Not with `transport` nor `workers`. Default the system's (`dns.lookup`), remembered for 10 s.
   *
   * @example lookup: (hostname, options, callback) => callback(null, [{ address: '192.0.2.10', family: 4 }])
   */
  lookup?: LookupInput | undefined
  /**
   * Offer HTTP/2 (RFC 9113) to https origins: one connection carries as many requests at once as the server allows,
   * within `concurrency`. A server that does not take it gets HTTP/1.1. Default false.
   *
   * @example new ParallelRequests({ http2: true, concurrency: 100 })
   */
  http2?: boolean | undefined
  /** What carries the requests: a Transport, or an undici Dispatcher. Default our own sockets. */
  transport?: Transport | DispatcherLike | undefined
}
