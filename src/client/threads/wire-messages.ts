/**
 * The messages between a client and the worker threads that carry its attempts: plain data, many attempts per message.
 *
 * Data of one request is a tuple, and data that many requests share is one shared object: each field name and each copy
 * of a list would be serialised and parsed again for every request, on the thread that decides.
 */
import type { SentFault } from './sync-result.ts'
import type { NetworkDefaults } from './sync-messages.ts'
import type { CallPlan } from '../../core/call.ts'
import type { ConnectionPlan } from '../../core/connection-plan.ts'
import type { HeaderList } from '../../core/headers.ts'
import type { Reply } from '../../core/result.ts'
import type { Proxy } from '../../core/route.ts'
import type { MessagePort } from 'node:worker_threads'

/** The data with which a worker starts. */
export interface WireData {
  readonly port: MessagePort
  readonly connection: ConnectionPlan
  readonly network: NetworkDefaults
  /** Maximum number of sockets that it may keep open. */
  readonly sockets: number
}

/** One attempt. */
export type SentAttempt = readonly [
  id: number,
  plan: number,
  method: string,
  origin: string,
  path: string,
  headers: HeaderList,
  body: string | Uint8Array | undefined,
  misdirected: boolean,
  /** With its credentials; one object for all attempts that use it. */
  proxy: Proxy | undefined,
]

export type ToWire =
  | SentAttempt
  /**
   * A plan, referred to by its number from now on. `changed`: its difference from the plan with the previous number, or
   * from the default for number 0.
   */
  | {
      readonly kind: 'plan'
      readonly number: number
      readonly changed: Partial<CallPlan>
      /** The default of `acceptStatus` holds, which the worker has. */
      readonly refuses: boolean
    }
  | { readonly kind: 'abort'; readonly id: number }
  /** Ends the attempt if it is still connecting: only the worker knows that at any moment. */
  | { readonly kind: 'preempt'; readonly id: number }
  | { readonly kind: 'close' }

/**
 * A Reply without the fields that the client knows itself. Replies of one server are often alike, and share one object.
 */
export type SentHead = Omit<Reply, 'kind' | 'body' | 'url'>

/** The end of an attempt: its result, and what only the wire knows about it. */
export type AttemptEnd = readonly [
  id: number,
  /** The sum of its `ATTEMPT_FLAGS`. */
  flags: number,
  result: SentHead | SentFault,
  /** The body, or its number of bytes in `small`. */
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
  /** The small bodies, one after the other. */
  readonly small: Uint8Array
}
