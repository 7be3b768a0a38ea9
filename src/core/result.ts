/**
 * What one trip on the wire came back with: a Reply (any status, 404 included) or a Fault (no usable reply).
 *
 * Both are plain data. A Fault becomes an Error only at the public edge, because an expected failure needs no stack
 * and the same value must fit into a run file.
 */
import type { HeaderList } from './headers.ts'

/** The part of an attempt in which something happened, in the order in which they happen. */
export type Phase = 'dns' | 'connect' | 'proxy' | 'tls' | 'headers' | 'body'

/** How the end of a body was known: by its length, by its last chunk, or only by the end of the connection. */
export type Integrity = 'length' | 'chunked' | 'unverified'

/** The first half of every code; the second half names the case. */
export type FaultClass =
  | 'dns'
  | 'connect'
  | 'tls'
  | 'proxy'
  | 'timeout'
  | 'reset'
  | 'protocol'
  | 'truncated'
  | 'decode'
  | 'parse'
  | 'schema'
  | 'too_large'
  | 'redirect'
  | 'blocked'
  | 'http'
  | 'callback'
  | 'invalid_request'
  | 'circuit'
  | 'paused'
  | 'in_doubt'
  | 'aborted'
  | 'resource'
  | 'internal'

/** `class/detail`, for example `timeout/headers` or `http/404`. Public API under semantic versioning. */
export type FaultCode = `${FaultClass}/${string}`

/** A body that went elsewhere than into memory. */
export interface Taken {
  readonly bytes: number
  /** The file that holds it. */
  readonly path?: string
}

export interface Reply {
  readonly kind: 'reply'
  readonly status: number
  readonly statusText: string
  /** Lower-case names, in the order received. */
  readonly headers: HeaderList
  /** Decoded (no content coding left). */
  readonly body: Uint8Array
  /** The body went elsewhere, and `body` is empty. */
  readonly taken?: Taken
  /** The URL that answered, without userinfo. */
  readonly url: string
  readonly integrity: Integrity
  /** Negotiated protocol, `'http/1.1'` or `'h2'`. */
  readonly protocol: string
  /** Epoch milliseconds before which the server does not want to be asked again. */
  readonly retryAt?: number
  /** Oddities that did not make the reply unusable. */
  readonly warnings?: readonly string[]
}

export interface Fault {
  readonly kind: 'fault'
  readonly code: FaultCode
  readonly message: string
  /** Whether a byte of the request may have reached the server, and it has not said that it did nothing with them. */
  readonly sent: boolean
  /** The foreign error or the caller's reason; stays in the process. */
  readonly cause?: unknown
  /** The reply that was refused, when there was one. */
  readonly reply?: Reply
  /** Epoch milliseconds before which asking again is useless. */
  readonly retryAt?: number
  /** A repeat would take another proxy, which may not fail like this. */
  readonly hasOtherWay?: boolean
  /** What a schema had to say. */
  readonly issues?: readonly unknown[]
}

export type Result = Reply | Fault

type FaultExtras = Partial<Omit<Fault, 'kind' | 'code' | 'message'>>

export function fault(code: FaultCode, message: string, extras?: FaultExtras): Fault {
  return { kind: 'fault', code, message, sent: false, ...extras }
}

/** For `strictIntegrity`. */
export function unverifiedFault(reply: Reply): Fault {
  const message = 'only the end of the connection ended the body: nobody knows whether it is whole (strictIntegrity)'
  return fault('truncated/unverified', message, { sent: true, reply })
}

/** The attempt gave its place to others before anything was sent. Never leaves the retry layer. */
export const PREEMPTED = 'connect/preempted'

/** This machine had no socket to give: nobody's failure, and no attempt's. */
export function isShortage(result: Result): result is Fault {
  return result.kind === 'fault' && SHORTAGES.has(result.code) && !result.sent
}

const SHORTAGES: ReadonlySet<string> = new Set(['resource/fd', 'resource/port', 'resource/memory'])

export function isFault(value: unknown): value is Fault {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'fault'
}
