/** What a Collector is given besides its attempt. */
import type { HeaderMemo } from './header-memo.ts'
import type { Socket } from 'node:net'
import type { Clock } from '../core/ports.ts'

/** What only the connection knows. Absent on a Dispatcher of the caller's. */
export interface Wire {
  readonly socket: Socket | undefined
  readonly protocol?: 'h2'
}

/** Of names and values, where a plan says nothing. */
export const MAX_HEADER_BYTES = 65_536

/** What all collectors of a transport share. */
export interface CollectorParts {
  readonly clock: Clock
  readonly memo: HeaderMemo
  /** Of a response's head. */
  readonly maxHeaderBytes: number
}
