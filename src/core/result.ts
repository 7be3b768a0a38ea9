/**
 * The result of an attempt: a Reply (any status, 404 included) or a Fault (no usable reply).
 *
 * Both are plain data. A Fault becomes an Error only at the public edge, because an expected failure needs no stack,
 * and because the same value is written to the run file.
 */
import type { ErrorBody } from './error-body.ts'
import type { HeaderList } from './headers.ts'
import type { Words } from './words.ts'

/** The phases of an attempt, in their order. */
export type Phase = 'dns' | 'connect' | 'proxy' | 'tls' | 'headers' | 'body'

/**
 * How the end of a body was known: by its length, by its last chunk, or (`'unverified'`) only by the end of the
 * connection, so that the body may be cut short (RFC 9112 §8).
 */
export type Integrity = 'length' | 'chunked' | 'unverified'

/** The first half of every code; the second half names the case. */
export const FAULT_CLASSES = [
  'dns',
  'connect',
  'tls',
  'proxy',
  'timeout',
  'reset',
  'protocol',
  'truncated',
  'decode',
  'parse',
  'schema',
  'too_large',
  'redirect',
  'follow',
  'poll',
  'blocked',
  'http',
  'auth',
  'callback',
  'invalid_request',
  'circuit',
  'paused',
  'in_doubt',
  'aborted',
  'resource',
  'internal',
] as const
export type FaultClass = (typeof FAULT_CLASSES)[number]

/** `class/detail`, for example `timeout/headers` or `http/404`. Public API under semantic versioning. */
export type FaultCode = `${FaultClass}/${string}`

/** A body that was delivered to a sink (a function, a file) instead of memory. */
export interface Taken {
  readonly bytes: number
  /** The path of the file, if the sink is a file. */
  readonly path?: string
  /** Number of items, if the body is a sequence of them. */
  readonly items?: number
}

/** Where a result came from, with the facts of the time at which it came. */
export type Origin =
  | { readonly kind: 'network' }
  | {
      readonly kind: 'run-file'
      /** Decoded bytes of the body. */
      readonly bytes: number
      /** Milliseconds by part, as in `Outcome.timings`. */
      readonly timings: Readonly<Record<string, number>>
      /** The headers that were recorded, if there are any. Those of the reply decide how its body is read. */
      readonly headers?: HeaderList | undefined
      /** The body that the error of the recorded run showed. */
      readonly shown?: ErrorBody | undefined
    }

/** A response of a transport: of any status, with its decoded body. */
export interface Reply {
  /** Tells a reply from a fault. */
  readonly kind: 'reply'
  /** The status, from 200 to 999. */
  readonly status: number
  /** The reason phrase; `''` if there is none. */
  readonly statusText: string
  /** In the order received, with names in lower case. */
  readonly headers: HeaderList
  /** The decoded body: no content coding is left. */
  readonly body: Uint8Array
  /** Present if `body` is only the beginning of it, which happens to responses that are refused. */
  readonly isCut?: true
  /** Present if a sink took the body; `body` is then empty. */
  readonly taken?: Taken
  /** The URL of this response, without userinfo. */
  readonly url: string
  /** How the end of the body was known. */
  readonly integrity: Integrity
  /** The negotiated protocol: `'http/1.1'` or `'h2'`. */
  readonly protocol: string
  /** The time (epoch milliseconds) before which the server does not want another request. */
  readonly retryAt?: number
  /** Oddities that did not make the reply unusable. */
  readonly warnings?: readonly string[]
  /** Absent for a reply from the network. */
  readonly origin?: Origin
}

/** Why an attempt has no usable response. At the public edge it becomes an error with the same code. */
export interface Fault {
  /** Tells a fault from a reply. */
  readonly kind: 'fault'
  /** The code that the error has: `class/detail`. */
  readonly code: FaultCode
  /** What happened, in a sentence without secrets. A text is enough. */
  readonly message: Words
  /** True if the server may have processed the request: a byte may have reached it, and it has not said otherwise. */
  readonly sent: boolean
  /** The error of another library, or the caller's reason. Not written to the run file. */
  readonly cause?: unknown
  /** The reply that was refused. Absent if none came. */
  readonly reply?: Reply
  /**
   * For a transport: the response whose body failed, with what arrived of the body. If `acceptStatus` refuses its status,
   * the request fails with that status and not with this fault.
   */
  readonly begun?: Reply
  /** The time (epoch milliseconds) before which the server refuses another request. */
  readonly retryAt?: number
  /** True if a retry would use another proxy, which may not fail in this way. */
  readonly hasOtherWay?: boolean
  /** The issues that a schema reported. */
  readonly issues?: readonly unknown[]
  /** Absent for a fault of this run. */
  readonly origin?: Origin
}

/** What a transport gives for an attempt. */
export type Result = Reply | Fault

type FaultExtras = Partial<Omit<Fault, 'kind' | 'code' | 'message'>>

export function fault(code: FaultCode, message: Words, extras?: FaultExtras): Fault {
  return { kind: 'fault', code, message, sent: false, ...extras }
}

/** @param what `the body` */
export const tooManyBytes = (what: string, maxBytes: number): Words => [
  `${what} is larger than ${maxBytes} bytes. Raise `,
  { option: 'maxResponseBytes' },
  ' if that is intended',
]

/** The Fault of `strictIntegrity`. */
export function unverifiedFault(reply: Reply): Fault {
  const message: Words = [
    'the body ended only with the connection, so it is unknown whether it is complete (',
    { option: 'strictIntegrity' },
    ')',
  ]
  return fault('truncated/unverified', message, { sent: true, reply })
}

/** The gate took the attempt's slot for another request before anything was sent. Never leaves the retry layer. */
export const PREEMPTED = 'connect/preempted'

/** The attempt was admitted while its token is being refreshed: it waits outside of the gate. Never leaves the retry layer. */
export const TOKENLESS = 'auth/waiting'

/**
 * This machine is out of sockets. Neither the server nor the attempt is to blame, so it does not count as a failure.
 */
export function isShortage(result: Result): result is Fault {
  return result.kind === 'fault' && SHORTAGES.has(result.code) && !result.sent
}

const SHORTAGES: ReadonlySet<string> = new Set(['resource/fd', 'resource/port', 'resource/memory'])

export function isFault(value: unknown): value is Fault {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'fault'
}
