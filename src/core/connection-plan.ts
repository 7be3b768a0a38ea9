/**
 * How a client opens its connections. The same for all of its attempts, and plain data, so that a worker can get it.
 */

export interface TlsPlan {
  readonly verify: boolean
  readonly ca?: string | readonly string[]
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  readonly pfx?: Uint8Array
}

export interface ConnectionPlan {
  readonly tls: TlsPlan
  /** Connect only to addresses of the public Internet. */
  readonly blockPrivateAddresses: boolean
  /** The most bytes of response headers, names and values together. Absent: 64 KiB. */
  readonly maxHeaderBytes?: number
  /** Offer HTTP/2 to https origins. Absent: HTTP/1.1 only. */
  readonly http2?: boolean
}
