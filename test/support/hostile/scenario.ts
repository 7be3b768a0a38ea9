/** The types of a row of the catalogue. A section is an array of rows. */
import type { Outcome, RequestSpec } from '../../../src/index.ts'
import type { AskOptions } from '../ask.ts'
import type { Hosts } from './hosts.ts'
import type { Steps } from './steps.ts'

/** A: any method is retried. I: idempotent ones are. N: none is. –: there is nothing to retry. */
export type Retry = 'A' | 'I' | 'N' | '–'
/** K: the connection is kept. X: it is closed. –: there was none, or the row does not say. */
export type Socket = 'K' | 'X' | '–'

export type Way = 'plain' | 'tls' | 'connect' | 'sliced'
export type Into = 'buffered' | 'file' | 'slow'
export const EVERYWHERE: readonly Into[] = ['buffered', 'file', 'slow']

export type Spec = Partial<RequestSpec> & { url: string }

interface Common {
  /** The number in the catalogue. */
  readonly row: number
  /** What the server, the input or the machine does: the text on the page. */
  readonly name: string
  /** `ok`, or the error code. */
  readonly outcome: string
  readonly retry: Retry
  readonly socket: Socket
  /** The ways over which the row is played. Default all. */
  readonly ways?: readonly Way[]
  /** The destinations with which the row is played. Default memory. */
  readonly into?: readonly Into[]
  /** A known fault that is being fixed: what is observed today. A run that observes something better fails as well. */
  readonly owed?: Readonly<Partial<Record<'outcome' | 'retry' | 'socket', string>>>
  /** What differs over this way, into this destination, or with both. The row gives the reason in a comment. */
  readonly over?: Readonly<Partial<Record<Way | Into | `${Way}, ${Into}`, Otherwise>>>
}

export type Otherwise = Readonly<Partial<Record<'outcome' | 'post' | 'retry' | 'socket', string | undefined>>>

/** A row whose server plays steps. */
export interface Scenario extends Common {
  /** The steps for the n-th request of the victim; the last one repeats. */
  readonly plays: readonly Steps[]
  /** The code for a POST, if it differs. */
  readonly post?: string
  /** The requests that the servers see without a retry: one, and one for each redirect hop. */
  readonly requests?: number
  /** The steps start after the head of the request, and its body is not read before. */
  readonly early?: true
  /** The steps start as soon as there is a connection, until the host is healed. */
  readonly onConnect?: true
  /** The whole host is out of order: other requests to it fail as well. */
  readonly whole?: true
  /** The host asks for so long a pause that nothing more is sent to it. */
  readonly parked?: true
  /** A polite request goes first, so that the victim finds a kept connection. */
  readonly primed?: true
  /** The time between the victim and the next request. */
  readonly restMs?: number
  readonly spec?: Partial<RequestSpec>
  readonly options?: AskOptions
  /** The victim's outcome comes after the first and before the second number of milliseconds. */
  readonly withinMs?: readonly [number, number]
  /** What else to look at, and the expected result. */
  readonly look?: (seen: Seen) => unknown
  readonly sees?: unknown
}

/** A row without a server that plays steps: a name that does not resolve, an input, a fault of this machine. */
export interface Act extends Common {
  readonly options?: AskOptions
  readonly withinMs?: readonly [number, number]
  /** The client may not reach this machine at all, so no polite requests run beside it. */
  readonly alone?: true
  /** The row blocks the event loop itself. */
  readonly standsStill?: true
  /** Runs the row with the stage's client, and returns what was observed. */
  readonly act: (stage: Stage) => Promise<Acted>
}

export interface Acted {
  readonly verdict: string
  /** Absent if the act does not observe them. */
  readonly retry?: Retry
  readonly socket?: Socket
}

/** What an act may use. The runner checks every request that is sent through it. */
export interface Stage {
  readonly hosts: Hosts
  /** The secret that must not leak. */
  readonly canary: string
  ask(spec: string | Spec, options?: AskOptions): Promise<Outcome>
  askAll(specs: readonly Spec[]): Promise<Outcome[]>
}

export interface Seen {
  readonly outcome: Outcome
  readonly hosts: Hosts
  readonly tookMs: number
}

/** The retry class, from whether a GET and a POST are retried. */
export const retryOf = (get: boolean, post: boolean): Retry => (post ? 'A' : get ? 'I' : 'N')

export const isAct = (row: Scenario | Act): row is Act => 'act' in row
