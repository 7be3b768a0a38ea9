/** What a worker and its quarantine, which is a process of its own, say to each other. */
import type { Chunk } from './chunk.ts'
import type { Counted } from './live-counts.ts'
import type { Manifest } from './manifest.ts'
import type { RedisSecurity } from '../redis-tls.ts'
import type { Parked } from './park.ts'

export interface OpenMessage {
  readonly kind: 'open'
  /** The URL of Redis, for the rates that all processes share. */
  readonly broker: string
  readonly tls: RedisSecurity | undefined
  readonly localShare: boolean
  readonly manifest: Manifest
  /** The folder of the results, as this machine sees it. */
  readonly results: string
  /** Whatever the caller needs to plan the requests. */
  readonly more: unknown
}

export interface TryMessage {
  readonly kind: 'try'
  readonly chunk: Chunk
  readonly starts: number
  /** Positions of the requests that are sent. */
  readonly positions: readonly number[]
}

export type ToQuarantine = OpenMessage | TryMessage | { readonly kind: 'stop' } | { readonly kind: 'abort' }

export type FromQuarantine =
  | { readonly kind: 'open' }
  | { readonly kind: 'alive' }
  | {
      readonly kind: 'over'
      readonly counts: Counted & { readonly limiterMs: number }
      readonly parked: Parked | undefined
    }
  | { readonly kind: 'failed'; readonly message: string }

/** How often it says that it is alive. */
export const ALIVE_MS = 5_000
