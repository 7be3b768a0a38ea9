/** The words in which a row of the catalogue is written down. A section of it is an array of these. */
import type { Outcome, RequestSpec } from '../../../src/index.ts'
import type { AskOptions } from '../ask.ts'
import type { Hosts } from './hosts.ts'
import type { Steps } from './steps.ts'

/** A: any method is repeated. I: idempotent ones are. N: none is. –: there is nothing to repeat. */
export type Retry = 'A' | 'I' | 'N' | '–'
/** K: the connection is kept. X: it is closed. –: there was none, or it is not said. */
export type Socket = 'K' | 'X' | '–'

export type Way = 'plain' | 'tls' | 'connect' | 'sliced'
export type Into = 'buffered' | 'file' | 'slow'
export const EVERYWHERE: readonly Into[] = ['buffered', 'file', 'slow']

export type Spec = Partial<RequestSpec> & { url: string }

interface Common {
  /** Number in the catalogue. */
  readonly row: number
  /** What the server, the input or the machine does: a line of the page. */
  readonly name: string
  /** `ok`, or the code. */
  readonly outcome: string
  readonly retry: Retry
  readonly socket: Socket
  /** Ways on which the row means something; all unless said. */
  readonly ways?: readonly Way[]
  /** What the response goes into where the row means something; into memory unless said. */
  readonly into?: readonly Into[]
  /** A fault of ours that is known and being mended: what is seen today. A run that sees better fails, too. */
  readonly owed?: Readonly<Partial<Record<'outcome' | 'retry' | 'socket', string>>>
  /** What is otherwise over this way or into this, with the reason beside it in the row. */
  readonly over?: Readonly<Partial<Record<Way | Into, Otherwise>>>
}

export type Otherwise = Readonly<Partial<Record<'outcome' | 'post' | 'retry' | 'socket', string | undefined>>>

/** A server that plays steps. */
export interface Scenario extends Common {
  /** What the n-th request of the victim meets; the last one repeats. */
  readonly plays: readonly Steps[]
  /** The code for a POST, where it is another. */
  readonly post?: string
  /** Requests that the servers see when nothing is repeated: one, and one for each hop. */
  readonly requests?: number
  /** The steps are played from the head of the request on: its body is not read before. */
  readonly early?: true
  /** The steps are played as soon as a connection is there, until the host is healed. */
  readonly onConnect?: true
  /** The whole host is out of order: other requests to it share its fate. */
  readonly whole?: true
  /** The host asks for so long a pause that nothing more goes to it. */
  readonly parked?: true
  /** A polite request goes first, so that the victim finds a kept connection. */
  readonly primed?: true
  /** So long after the victim comes the next request. */
  readonly restMs?: number
  readonly spec?: Partial<RequestSpec>
  readonly options?: AskOptions
  /** The victim's outcome comes after the first and before the second of these many milliseconds. */
  readonly withinMs?: readonly [number, number]
  /** What else to look at, and what is to be seen there. */
  readonly look?: (seen: Seen) => unknown
  readonly sees?: unknown
}

/** Something that no server plays: a name that does not resolve, an input, a fault of this machine. */
export interface Act extends Common {
  readonly options?: AskOptions
  readonly withinMs?: readonly [number, number]
  /** The client may not reach this machine at all, so no polite request goes beside it. */
  readonly alone?: true
  /** It blocks the event loop itself. */
  readonly standsStill?: true
  /** Does it through the stage's client, and answers with what was seen. */
  readonly act: (stage: Stage) => Promise<Acted>
}

export interface Acted {
  readonly verdict: string
  /** Left out where the act says nothing about them. */
  readonly retry?: Retry
  readonly socket?: Socket
}

/** What an act may use. Everything asked through it is under the runner's eyes. */
export interface Stage {
  readonly hosts: Hosts
  /** The secret that must not come out. */
  readonly canary: string
  ask(spec: string | Spec, options?: AskOptions): Promise<Outcome>
  askAll(specs: readonly Spec[]): Promise<Outcome[]>
}

export interface Seen {
  readonly outcome: Outcome
  readonly hosts: Hosts
  readonly tookMs: number
}

/** The retry class, from whether a GET and a POST are repeated. */
export const retryOf = (get: boolean, post: boolean): Retry => (post ? 'A' : get ? 'I' : 'N')

export const isAct = (row: Scenario | Act): row is Act => 'act' in row
