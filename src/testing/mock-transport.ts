/**
 * A transport without a network: answers come from a function, time is virtual. Everything above it is the real thing:
 * limits, retries, back-off, deadlines and parsing behave as they do on a wire, only sooner.
 */
import { virtualClock } from './virtual-clock.ts'
import type { VirtualClock } from './virtual-clock.ts'
import type { Attempt } from '../core/attempt.ts'
import { isAtHand } from '../core/body.ts'
import { reasonOf } from '../core/callback.ts'
import { toHeaders } from '../core/printable-headers.ts'
import type { Transport } from '../core/ports.ts'
import { fault } from '../core/result.ts'
import type { FaultCode, Result } from '../core/result.ts'
import { setImmediate } from 'node:timers'

/** One attempt as it arrived. */
export interface MockRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: string | Uint8Array | undefined
  /** 1 for the first attempt of its request. */
  readonly attempt: number
  /** Place of the request in its input. */
  readonly index: number
  /** Virtual milliseconds since the transport was made. */
  readonly atMs: number
}

/** What to answer. Without a body of its own kind, `json`, `text` or nothing. */
export interface MockResponse {
  /** Default 200. */
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  readonly json?: unknown
  readonly text?: string | undefined
  readonly body?: Uint8Array | undefined
  /** Virtual milliseconds until the answer is there. Default 0. */
  readonly latencyMs?: number | undefined
  /** Fail with this code instead, as if the network had: `'connect/refused'`, `'reset/before_headers'` … */
  readonly fault?: FaultCode | undefined
}

export type MockHandler = (request: MockRequest) => MockResponse | Promise<MockResponse>

/** A Transport that remembers what was asked of it. */
export interface MockTransport extends Transport {
  readonly clock: VirtualClock
  /** Every attempt so far, in the order in which they went out. */
  readonly requests: readonly MockRequest[]
  /** Most attempts that were under way at once. */
  readonly mostAtOnce: number
}

/**
 * @param handler answers each attempt; a throw is `internal/mock`
 * @param options.clock a clock of your own, moved by hand; by default time jumps ahead whenever everybody waits
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

  const answer = async (attempt: Attempt, over: () => void): Promise<Result> => {
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
    const connection = /^(?:timeout\/)?(dns|connect|tls)\b/.exec(response.fault ?? '')?.[1]
    // It never came so far: nothing was sent.
    if (connection !== undefined) {
      attempt.sent = false
      attempt.phase = connection as Attempt['phase']
    }
    if (response.latencyMs !== undefined && response.latencyMs > 0) {
      const whole = await latency(response.latencyMs, attempt, clock, over)
      if (!whole) return fault('aborted/in_flight', 'given up before the mocked answer came', { sent: true })
    }
    return resultOf(response, attempt)
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
      // At once when it is given up: its place goes to another before a promise can tell.
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

/** Jumps to its next timer whenever nothing else is left to do. */
function jumpingClock(isIdle: () => boolean): VirtualClock {
  const clock = virtualClock()
  let scheduled = false
  const jumpSoon = (): void => {
    if (scheduled || clock.pending === 0) return
    scheduled = true
    // Two turns, so that promises of the turn before have had their say.
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

/** False when the attempt was given up meanwhile. */
function latency(ms: number, attempt: Attempt, clock: VirtualClock, over: () => void): Promise<boolean> {
  return new Promise(resolve => {
    const timer = clock.after(ms, () => resolve(true))
    attempt.abort = () => {
      over()
      timer.cancel()
      resolve(false)
    }
  })
}

function requestOf({ call, headers, number }: Attempt, atMs: number): MockRequest {
  const body = isAtHand(call.body) ? call.body : undefined
  return {
    method: call.method,
    url: call.url,
    headers: toHeaders(headers),
    body,
    attempt: number,
    index: call.index,
    atMs,
  }
}

function resultOf(response: MockResponse, attempt: Attempt): Result {
  if (response.fault !== undefined) {
    return fault(response.fault, `mocked ${response.fault}`, { sent: attempt.sent })
  }
  const body = bodyOf(response)
  attempt.headed = true
  return {
    kind: 'reply',
    status: response.status ?? 200,
    statusText: '',
    headers: headersOf(response),
    body,
    url: attempt.call.url,
    integrity: 'length',
    protocol: 'http/1.1',
  }
}

function bodyOf({ json, text, body }: MockResponse): Uint8Array {
  if (body !== undefined) return body
  if (json !== undefined) return new TextEncoder().encode(JSON.stringify(json))
  return new TextEncoder().encode(text ?? '')
}

function headersOf({ headers = {}, json }: MockResponse): string[] {
  const list = json === undefined ? [] : ['content-type', 'application/json']
  for (const [name, value] of Object.entries(headers)) {
    for (const item of typeof value === 'string' ? [value] : value) list.push(name.toLowerCase(), item)
  }
  return list
}
