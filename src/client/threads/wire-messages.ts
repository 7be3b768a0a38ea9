/**
 * What goes between a client and the worker threads that carry its attempts: plain data, many of them per message.
 *
 * What there is one of per request is a tuple, and what is alike for many is one object that they share: each name of
 * a field and each copy of a list would be written and read again for every request, on the thread that decides.
 */
import type { SentFault } from './sync-result.ts'
import type { NetworkDefaults } from './sync-messages.ts'
import type { CallPlan } from '../../core/call.ts'
import type { ConnectionPlan } from '../../core/connection-plan.ts'
import type { HeaderList } from '../../core/headers.ts'
import type { Reply } from '../../core/result.ts'
import type { Proxy } from '../../core/route.ts'
import type { MessagePort } from 'node:worker_threads'

/** How a worker is set up. */
export interface WireData {
  readonly port: MessagePort
  readonly connection: ConnectionPlan
  readonly network: NetworkDefaults
  /** How many it may keep open. */
  readonly sockets: number
}

/** One attempt. */
export type Sending = readonly [
  id: number,
  plan: number,
  method: string,
  origin: string,
  path: string,
  headers: HeaderList,
  body: string | Uint8Array | undefined,
  misdirected: boolean,
  /** With its credentials; one object for all that take it. */
  proxy: Proxy | undefined,
]

export type ToWire =
  | Sending
  /** A plan, then named by its number, as what differs from the one numbered before it; from the default, for number 0. */
  | { readonly kind: 'plan'; readonly number: number; readonly changed: Partial<CallPlan> }
  | { readonly kind: 'abort'; readonly id: number }
  /** Ends the attempt if it is still connecting: only the worker knows that to the last moment. */
  | { readonly kind: 'preempt'; readonly id: number }
  | { readonly kind: 'close' }

/** A Reply without what the client knows itself. Answers of one server look alike: they share it. */
export type SentHead = Omit<Reply, 'kind' | 'body' | 'url'>

/** How an attempt ended, and what only the wire knows of it. */
export type AttemptEnd = readonly [
  id: number,
  /** `ATTEMPT_FLAGS`, added up. */
  flags: number,
  result: SentHead | SentFault,
  /** Bytes of its own, or how many of the small ones are its. */
  body: Uint8Array | number,
  dnsMs: number | undefined,
  connectMs: number | undefined,
  tlsMs: number | undefined,
  firstByteMs: number | undefined,
  bodyMs: number | undefined,
  warnings: readonly string[] | undefined,
]

export const ATTEMPT_FLAGS = { sent: 1, headed: 2, reused: 4 } as const

export interface FromWire {
  readonly ended: readonly AttemptEnd[]
  /** The small bodies, one behind the other. */
  readonly small: Uint8Array
}
