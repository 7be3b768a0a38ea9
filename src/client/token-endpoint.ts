/**
 * Asks a token endpoint over the wire of the client: its connections, proxies, TLS options and guards apply. Outside of
 * the gate, because every request waits for the token, and without redirects, cookies and hooks.
 *
 * A failed request is retried by the rules of the requests that wait for it, a few times. A refresh token is sent again only
 * if the endpoint has not used it: many servers take a refresh token that comes twice for a stolen one (RFC 9700 §4.14.2).
 */
import { grantToken } from './oauth.ts'
import type { AskEndpoint } from './oauth.ts'
import { DEFAULT_CALL } from '../config/plan.ts'
import { attempt } from '../core/attempt.ts'
import type { Attempt } from '../core/attempt.ts'
import { resultOf } from '../core/awaited.ts'
import type { Call, CallPlan } from '../core/call.ts'
import type { HeaderList } from '../core/headers.ts'
import type { Send } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'
import { toHeaders } from '../core/printable-headers.ts'
import { fault } from '../core/result.ts'
import type { Result } from '../core/result.ts'
import type { Grant } from '../core/tokens.ts'
import { Trip } from '../core/trip.ts'
import { parseUrl, printableUrl } from '../core/url.ts'
import { say } from '../core/words.ts'
import { backoffMs } from '../policy/backoff.ts'
import { judge } from '../policy/judge.ts'
import { announcedWaitMs } from '../policy/retry-after.ts'

/** An answer with a token is small. */
const MAX_ANSWER_BYTES = 1_048_576
/** Requests wait for the token meanwhile, and fail together if there is none. */
const MAX_RETRIES = 3
const MAX_RETRYING_MS = 30_000

/** @param send to the wire, by the way that the request itself would take */
export const tokenEndpoint =
  (send: Send<Attempt>, clock: Clock, random: () => number) =>
  (asking: Call): Grant =>
  (plan, refreshToken, signal) =>
    grantToken(
      plan,
      refreshToken,
      signal,
      endpointFor(asking, { send, clock, random, isOnce: refreshToken !== undefined }),
    )

interface EndpointParts {
  readonly send: Send<Attempt>
  readonly clock: Clock
  readonly random: () => number
  /** What is sent may be used once only. */
  readonly isOnce: boolean
}

function endpointFor({ index, plan }: Call, parts: EndpointParts): AskEndpoint {
  const { clock, isOnce } = parts
  return async ({ url, headers, body, signal }) => {
    const parsed = parseUrl(url, undefined, [])
    if ('wrong' in parsed) throw new Error(say(parsed.wrong))
    const call: Call = {
      index,
      key: undefined,
      meta: undefined,
      method: 'POST',
      url: parsed.url,
      origin: parsed.origin,
      lane: parsed.origin,
      costs: 1,
      path: parsed.path,
      headers: [...Object.entries(headers).flat(), 'accept-encoding', 'identity'] satisfies HeaderList,
      body,
      credentials: undefined,
      atHome: true,
      replayable: true,
      repeatable: !isOnce,
      plan: endpointPlan(plan),
      trip: new Trip(0, clock.now(), Infinity),
    }
    const giveUp = (): void => call.trip.cancelSlot.cancel(fault('aborted/in_flight', 'it took too long'))
    signal.addEventListener('abort', giveUp, { once: true })
    const result = await answered(call, parts)
    signal.removeEventListener('abort', giveUp)
    if (result.kind === 'reply') {
      return { status: result.status, headers: toHeaders(result.headers), body: new Uint8Array(result.body) }
    }
    const error = new Error(`${printableUrl(url)}: ${say(result.message)} (${result.code})`, { cause: result.cause })
    throw Object.assign(error, { code: result.code })
  }
}

async function answered(call: Call, { send, clock, random }: EndpointParts): Promise<Result> {
  const endMs = clock.now() + MAX_RETRYING_MS
  for (let number = 1; ; number++) {
    const result = await resultOf(send, attempt(call, number, clock.now()))
    if (number > Math.min(call.plan.maxRetries, MAX_RETRIES) || !mayPass(result, call)) return result
    const waitMs = waitBefore(call, result, number, clock, random)
    if (waitMs === undefined || clock.now() + waitMs > endMs) return result
    await pause(call, waitMs, clock)
    if (call.trip.cancelSlot.cancelled !== undefined) return call.trip.cancelSlot.cancelled
  }
}

/** A 503 means that the token was not issued, so a refresh token is still valid. */
function mayPass(result: Result, call: Call): boolean {
  return judge(result, call) !== 'done' || (result.kind === 'reply' && result.status === 503)
}

/** Undefined: the caller's back-off threw. */
function waitBefore(
  { plan }: Call,
  result: Result,
  failures: number,
  clock: Clock,
  random: () => number,
): number | undefined {
  const announcedMs = result.kind === 'reply' ? (announcedWaitMs(result.headers, clock.epochMs()) ?? 0) : 0
  try {
    return Math.max(announcedMs, backoffMs(plan.retry.backoff, failures, random))
  } catch {
    return undefined
  }
}

function pause({ trip }: Call, waitMs: number, clock: Clock): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      timer.cancel()
      trip.cancelSlot.free()
      resolve()
    }
    const timer = clock.after(waitMs, end)
    trip.cancelSlot.hold('backoff', end)
  })
}

/** The way, the timeouts and the TLS of the request; nothing that concerns its own answer. */
const endpointPlan = (plan: CallPlan): CallPlan => ({
  ...plan,
  returnType: 'content',
  acceptStatus: DEFAULT_CALL.acceptStatus,
  schema: undefined,
  parseFunc: undefined,
  onChunk: undefined,
  hooks: {},
  maxResponseBytes: MAX_ANSWER_BYTES,
})
