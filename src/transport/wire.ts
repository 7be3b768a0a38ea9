/** What a Collector is given besides its attempt. */
import type { HeaderMemo } from './header-memo.ts'
import type { Socket } from 'node:net'
import type { Clock } from '../core/ports.ts'

/** What only the connection knows. Absent on a Dispatcher of the caller's. */
export interface Wire {
  readonly socket: Socket | undefined
  readonly protocol?: 'h2'
}

/** What all collectors of a transport share. */
export interface CollectorParts {
  readonly clock: Clock
  readonly memo: HeaderMemo
}
