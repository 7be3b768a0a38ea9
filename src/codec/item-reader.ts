/** Cuts a body into its items, wherever the network has cut it into pieces. */
import type { Fault } from '../core/result.ts'
import { fault } from '../core/result.ts'
import type { Words } from '../core/words.ts'

export interface Found {
  /** Before the schema. */
  readonly value: unknown
  /** Position in the body, from 1. */
  readonly at: number
  /** Of an event: its other fields. */
  readonly event?: { readonly event: string; readonly id: string }
}

export interface ItemReader {
  /** What it counts: `line`. */
  readonly unit: string
  push(piece: Uint8Array): void
  /** The body is complete: no further piece comes. */
  finish(): void
  /** The next item, a Fault at a place that cannot be read, or undefined until more is pushed. */
  next(): Found | Fault | undefined
}

/** @param what `line 7` */
export function tooLong(what: string, maxBytes: number): Fault {
  const message: Words = [
    `${what} is larger than ${maxBytes} bytes. Raise `,
    { option: 'maxItemBytes' },
    ' if that is intended',
  ]
  return fault('too_large/item', message, { sent: true })
}
