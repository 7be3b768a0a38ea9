/**
 * A transport without a network: a function answers, and time is virtual. Everything above it is real: limits, retries,
 * back-off, deadlines and parsing behave as with a real server, but take no time.
 */
import { unknownFault } from './fault-codes.ts'
import { virtualClock } from './virtual-clock.ts'
import type { VirtualClock } from './virtual-clock.ts'
import type { WireAttempt } from '../core/wire-attempt.ts'
import { isAtHand } from '../core/body.ts'
import { reasonOf } from '../core/callback.ts'
import { toHeaders } from '../core/printable-headers.ts'
import type { Transport } from '../core/ports.ts'
import { fault } from '../core/result.ts'
import type { FaultCode, Reply, Result } from '../core/result.ts'
import { setImmediate } from 'node:timers'

/** One attempt as the handler sees it. */
export interface MockRequest {
  /** The method, in upper case. */
  readonly method: string
  /** The URL, with its secrets. */
  readonly url: string
  /** The headers as they are sent. */
  readonly headers: Headers
  /** The body. Undefined if there is none, or if it is a stream, a Blob or a file. */
  readonly body: string | Uint8Array | undefined
  /** 1 for the first attempt of a request. */
  readonly attempt: number
  /** Index of the request in its input. */
  readonly index: number
  /** Virtual milliseconds since the transport was created. */
  readonly atMs: number
}

/** The mocked response. The body is `body`, `json` or `text`; without any it is empty. */
export interface MockResponse {
  /** The status, an integer from 200 to 999. Default 200. Any other number, 0 and `Infinity` included, fails with `internal/mock`. */
  readonly status?: number | undefined
  /** The headers; an array repeats a name. Default none. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** A value that is sent as JSON, with `content-type: application/json`. Default none. */
  readonly json?: unknown
  /** A text that is sent as UTF-8. Default none. */
  readonly text?: string | undefined
  /** Bytes that are sent as they are. Default none. */
  readonly body?: Uint8Array | undefined
  /**
   * Virtual milliseconds until the response arrives. Default and 0: at once. `Infinity`: never, so that a time limit
   * ends the attempt. NaN and negative numbers fail with `internal/mock`.
   */
  readonly latencyMs?: number | undefined
  /**
   * Fail with this code instead, as a network would: `'connect/refused'`, `'reset/before_headers'` … With a `status`, the
   * response fails within its body: `{ status: 503, fault: 'truncated/length' }`. A code that no network gives fails
   * with `internal/mock`; the message names the nearest one, or those that exist. Default none.
   */
  readonly fault?: FaultCode | undefined
}

/** Answers a request of the mock transport. */
export type MockHandler = (request: MockRequest) => MockResponse | Promise<MockResponse>

/** A Transport that records its requests. */
export interface MockTransport extends Transport {
  /** The virtual time. */
  readonly clock: VirtualClock
  /** Every attempt so far, in the order of sending. */
  readonly requests: readonly MockRequest[]
  /** The largest number of attempts in flight at once. */
  readonly mostAtOnce: number
}

/**
 * A transport for tests, whose responses come from `handler`.
 *
 * @param handler answers each attempt; if it throws, the attempt fails with `internal/mock`
 * @param options.clock a clock that you move by hand. By default time jumps to the next timer when everything waits.
 * @throws nothing: a wrong response fails its attempt with `internal/mock`
 * @example
 * const transport = mockTransport(({ attempt }) => (attempt === 1 ? { status: 503 } : { json: { id: 7 } }))
 * const value = await parallelRequests('https://api.example.com/7', { transport })
 */
export function mockTransport(handler: MockHandler, options: { clock?: VirtualClock | undefined } = {}): MockTransport {
  const clock = options.clock ?? jumpingClock(() => answering === 0)
  const requests: MockRequest[] = []
  let answering = 0
  let underWay = 0
  let mostAtOnce = 0

  const answer = async (attempt: WireAttempt, over: () => void): Promise<Result> => {
    const request = requestOf(attempt, clock.now())
    requests.push(request)
    attempt.sent = true
    attempt.phase = 'headers'
    attempt.abort = over
    let response: MockResponse
    answering++
    try {
      response = await handler(request)
    } catch (error) {
      return fault('internal/mock', `the mock handler threw: ${reasonOf(error)}`, { sent: true, cause: error })
    } finally {
      answering--
    }
    const unknown = unknownIn(response)
    if (unknown !== undefined) return fault('internal/mock', `the mock handler returned ${unknown}`, { sent: true })
    const connection = /^(?:timeout\/)?(dns|connect|tls)\b/.exec(response.fault ?? '')?.[1]
    // The attempt failed before it was sent.
    if (connection !== undefined) {
      attempt.sent = false
      attempt.phase = connection as WireAttempt['phase']
    }
    if (response.latencyMs !== undefined && response.latencyMs > 0) {
      const whole = await latency(response.latencyMs, attempt, clock, over)
      if (!whole) return fault('aborted/in_flight', 'aborted before the mocked response arrived', { sent: true })
    }
    return mockResult(response, attempt)
  }

  return {
    clock,
    requests,
    get mostAtOnce() {
      return mostAtOnce
    },
    async send(attempt) {
      mostAtOnce = Math.max(mostAtOnce, ++underWay)
      let isOver = false
      // Counts down at once on an abort: its slot is taken by another attempt before the promise settles.
      const over = (): void => {
        if (!isOver) underWay--
        isOver = true
      }
      try {
        return await answer(attempt, over)
      } finally {
        over()
      }
    },
    close: async () => undefined,
  }
}

/** Jumps to its next timer whenever nothing else can run. */
function jumpingClock(isIdle: () => boolean): VirtualClock {
  const clock = virtualClock()
  let scheduled = false
  const jumpSoon = (): void => {
    if (scheduled || clock.pending === 0) return
    scheduled = true
    // Two turns, so that promises of the current turn settle first.
    setImmediate(() => setImmediate(jump))
  }
  const jump = (): void => {
    scheduled = false
    if (isIdle()) clock.advanceToNext()
    jumpSoon()
  }
  // Not a spread: `pending` is a getter.
  return Object.create(clock, {
    after: {
      value: (delayMs: number, callback: () => void) => {
        const timer = clock.after(delayMs, callback)
        jumpSoon()
        return timer
      },
    },
  }) as VirtualClock
}

const FIELDS = ['status', 'headers', 'json', 'text', 'body', 'latencyMs', 'fault']

/** What no response has: a misspelt field would be a response without it. */
function unknownIn(response: unknown): string | undefined {
  if (response === undefined || response === null) return `${response}: return { json: … }`
  if (typeof response !== 'object') return `a ${typeof response}: return { json: … }`
  const unknown = Object.keys(response).find(name => !FIELDS.includes(name))
  if (unknown !== undefined) return `an unknown field, ${unknown}: the fields are ${FIELDS.join(', ')}`
  const { fault: code, status, latencyMs } = response as MockResponse
  if (status !== undefined && !isStatus(status)) {
    return `the status ${String(status)}: it has to be an integer from 200 to 999`
  }
  if (latencyMs !== undefined && !(latencyMs >= 0)) {
    return `the latencyMs ${String(latencyMs)}: it has to be a number of milliseconds ≥ 0`
  }
  return code === undefined ? undefined : unknownFault(code)
}

const isStatus = (status: unknown): boolean =>
  Number.isInteger(status) && (status as number) >= 200 && (status as number) <= 999

/** Resolves with false if the attempt was aborted meanwhile. */
function latency(ms: number, attempt: WireAttempt, clock: VirtualClock, over: () => void): Promise<boolean> {
  return new Promise(resolve => {
    const timer = clock.after(ms, () => resolve(true))
    attempt.abort = () => {
      over()
      timer.cancel()
      resolve(false)
    }
  })
}

function requestOf({ method, url, headers, body: given, number, index }: WireAttempt, atMs: number): MockRequest {
  const body = isAtHand(given) ? given : undefined
  return {
    method,
    url,
    headers: toHeaders(headers),
    body,
    attempt: number,
    index,
    atMs,
  }
}

function mockResult(response: MockResponse, attempt: WireAttempt): Result {
  const failed = response.fault && fault(response.fault, `mocked ${response.fault}`, { sent: attempt.sent })
  if (failed !== undefined && response.status === undefined) return failed
  const body = mockBody(response)
  attempt.headed = true
  const reply: Reply = {
    kind: 'reply',
    status: response.status ?? 200,
    statusText: '',
    headers: mockHeaders(response),
    body,
    url: attempt.url,
    integrity: 'length',
    protocol: 'http/1.1',
  }
  return failed === undefined ? reply : { ...failed, begun: reply }
}

function mockBody({ json, text, body }: MockResponse): Uint8Array {
  if (body !== undefined) return body
  if (json !== undefined) return new TextEncoder().encode(JSON.stringify(json))
  return new TextEncoder().encode(text ?? '')
}

function mockHeaders({ headers = {}, json }: MockResponse): string[] {
  const list = json === undefined ? [] : ['content-type', 'application/json']
  for (const [name, value] of Object.entries(headers)) {
    for (const item of typeof value === 'string' ? [value] : value) list.push(name.toLowerCase(), item)
  }
  return list
}
