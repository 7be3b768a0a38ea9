/** What a Collector gets besides its attempt. */
import type { HeaderMemo } from './header-memo.ts'
import type { Clock } from '../core/ports.ts'

/** Default limit for the names and values of a head. */
export const MAX_HEADER_BYTES = 65_536

/** What all collectors of a transport share. */
export interface CollectorParts {
  readonly clock: Clock
  readonly memo: HeaderMemo
  /** Limit for a response's head. */
  readonly maxHeaderBytes: number
}
