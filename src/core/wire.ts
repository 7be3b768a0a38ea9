/** The port of the built-in transports. */
import type { Attempt } from './attempt.ts'
import type { Send } from './layer.ts'

/** A built-in transport. It gets the whole Attempt, and MUST NOT call `done` a second time. */
export interface Wire {
  readonly send: Send<Attempt>
  close(): Promise<void>
}
