/** How a client's connections are made: the same for all of its attempts, and plain data that a worker can be given. */

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
  /** Connect to addresses of the public Internet only. */
  readonly blockPrivateAddresses: boolean
  /** Of a response: names and values. Absent: 64 KiB. */
  readonly maxHeaderBytes?: number
  /** Offer HTTP/2 to https origins; absent: do not. */
  readonly http2?: boolean
}
