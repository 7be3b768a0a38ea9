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
  /** Of the retry that asks for the chunk. */
  readonly generation?: number | undefined
}

export type ToQuarantine = OpenMessage | TryMessage | { readonly kind: 'stop' } | { readonly kind: 'abort' }

export interface OverMessage {
  readonly kind: 'over'
  readonly counts: Counted & { readonly limiterMs: number }
  /** Positions of failures that a retry may not send again. */
  readonly restored: readonly number[]
  readonly parked: Parked | undefined
}

export type FromQuarantine =
  | { readonly kind: 'open' }
  | { readonly kind: 'alive' }
  | OverMessage
  | {
      readonly kind: 'failed'
      readonly message: string
      /** If the file system has refused something. */
      readonly system: { readonly code: string; readonly syscall: string } | undefined
    }

/** How often it says that it is alive. */
export const ALIVE_MS = 5_000
