/** What goes between a client and the worker threads that carry its attempts: plain data, many of them per message. */
import type { SentFault, SentResult } from './sync-result.ts'
import type { NetworkDefaults } from './sync-messages.ts'
import type { ClientPlan } from '../config/client-plan.ts'
import type { Call, CallPlan } from '../core/call.ts'
import type { HeaderList } from '../core/headers.ts'
import type { Trip } from '../core/trip.ts'
import type { MessagePort } from 'node:worker_threads'

/** How a worker is set up. */
export interface WireData {
  readonly port: MessagePort
  readonly tls: ClientPlan['tls']
  readonly network: NetworkDefaults
}

/** What the wire asks of a plan; sent once, then named by its number. */
export type WirePlan = Pick<CallPlan, 'timeouts' | 'maxResponseBytes' | 'secretNames'>

type WireCall = Pick<Call, 'index' | 'method' | 'url' | 'origin' | 'path' | 'replayable' | 'repeatable'>

export type ToWire =
  | { readonly kind: 'plan'; readonly number: number; readonly plan: WirePlan }
  | (WireCall & {
      readonly kind: 'send'
      readonly id: number
      readonly plan: number
      readonly headers: HeaderList
      readonly body: string | Uint8Array | undefined
      readonly misdirected: boolean
    })
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'close' }

export const WIRE_TIMES = [
  'dnsMs',
  'connectMs',
  'tlsMs',
  'firstByteMs',
  'bodyMs',
  'warnings',
] as const satisfies readonly (keyof Trip)[]

/** How an attempt ended, and what only the wire knows of it. */
export interface FromWire {
  readonly id: number
  readonly result: SentResult | SentFault
  readonly sent: boolean
  readonly headed: boolean
  readonly reused: boolean
  readonly times: Pick<Trip, (typeof WIRE_TIMES)[number]>
}
