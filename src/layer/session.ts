/**
 * Adds what is known only just before sending: cookies, computed credentials, the caller's signature. Inside the gate,
 * so that a request carries a cookie that was set while it was queued.
 */
import type { Attempt } from '../core/attempt.ts'
import { isAtHand } from '../core/body.ts'
import type { Call } from '../core/call.ts'
import { reasonOf, runCallback } from '../core/callback.ts'
import { WIRE_HEADERS, getAllHeaders, getHeader, headerProblem, mergeHeaders } from '../core/headers.ts'
import { toHeaders } from '../core/printable-headers.ts'
import type { HeaderList } from '../core/headers.ts'
import type { AttemptLayer } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import type { Tokens } from '../core/tokens.ts'
import { say } from '../core/words.ts'

/** The client's cookies, in both directions. */
export interface CookieSource {
  /** The `Cookie` header for this call, without cookies that its own `Cookie` header names; `''` for none. */
  headerFor(call: Call, own: string | undefined): string
  /** Stores the `Set-Cookie` values of a response to this call. */
  learn(call: Call, setCookies: readonly string[]): undefined | Promise<void>
}

export function session(cookies: CookieSource, clock: Clock): AttemptLayer {
  return {
    before: attempt => {
      const { call } = attempt
      if (typeof call.credentials === 'object') bear(attempt, call.credentials)
      return isComputed(call.credentials) || call.plan.hooks.beforeRequest !== undefined
        ? dress(attempt, cookies, clock)
        : addCookies(attempt, cookies)
    },
    after: (attempt, result) => {
      if (result.kind === 'fault') return result
      const setCookies = getAllHeaders(result.headers, 'set-cookie')
      if (setCookies.length === 0) return result
      const learning = cookies.learn(attempt.call, setCookies)
      return learning === undefined ? result : learning.then(() => result)
    },
  }
}

/** Constant credentials as well, which may decide whose cookies apply. */
const isComputed = (credentials: Call['credentials']): boolean =>
  credentials !== undefined && typeof credentials !== 'object'

function bear(attempt: Attempt, tokens: Tokens): void {
  attempt.trip.retry.tokenVersion = tokens.version
  attempt.headers = attempt.trip.sentHeaders = mergeHeaders(attempt.headers, ['authorization', tokens.authorization])
}

/** Joins them with the caller's own `Cookie` header in one line: RFC 6265 §5.4 allows only one. */
function addCookies(attempt: Attempt, cookies: CookieSource): Fault | undefined {
  const given = getAllHeaders(attempt.headers, 'cookie')
  const own = given.length === 0 ? undefined : given.join('; ')
  let cookie: string
  try {
    cookie = cookies.headerFor(attempt.call, own)
  } catch (error) {
    // A caller's jar may throw.
    return fault('callback/cookies', `the cookie jar threw: ${reasonOf(error)}`, { cause: error })
  }
  if (cookie === '') return undefined
  const added = ['cookie', own === undefined ? cookie : `${own}; ${cookie}`]
  attempt.headers = attempt.trip.sentHeaders = mergeHeaders(attempt.headers, added)
  return undefined
}

async function dress(attempt: Attempt, cookies: CookieSource, clock: Clock): Promise<Fault | undefined> {
  // The credentials may decide which jar applies, and a signature covers both.
  const refused = (await authorize(attempt, clock)) ?? addCookies(attempt, cookies) ?? (await sign(attempt, clock))
  if (refused !== undefined) return refused
  // The attempt's timeouts start on the wire; the steps before have a limit of their own.
  attempt.startedAtMs = attempt.phaseAtMs = clock.now()
  return undefined
}

async function authorize(attempt: Attempt, clock: Clock): Promise<Fault | undefined> {
  const { call } = attempt
  const { credentials } = call
  if (credentials === undefined || typeof credentials === 'object') return undefined
  const value =
    typeof credentials === 'string'
      ? credentials
      : await runCallback(
          () => credentials({ method: call.method, url: call.url, attempt: attempt.number }),
          hookFault('auth'),
          hookLimits(attempt, clock),
        )
  if (isFault(value)) return unsent(value, attempt)
  const problem = typeof value === 'string' ? headerProblem('authorization', value) : 'expected auth to return a string'
  if (problem !== undefined) return fault('callback/hook', problem)
  if (call.identify !== undefined) call.trip.identity = call.identify(value)
  attempt.headers = attempt.trip.sentHeaders = mergeHeaders(attempt.headers, ['authorization', value])
  return undefined
}

async function sign(attempt: Attempt, clock: Clock): Promise<Fault | undefined> {
  const { call } = attempt
  const { beforeRequest } = call.plan.hooks
  if (beforeRequest === undefined) return undefined
  const headers = toHeaders(attempt.headers)
  const request = {
    method: call.method,
    url: call.url,
    headers,
    body: isAtHand(call.body) ? call.body : undefined,
    attempt: attempt.number,
    meta: call.meta,
    index: call.index,
    key: call.key,
    id: call.trip.id,
  }
  attempt.signed = true
  const answer = await runCallback(
    () => beforeRequest(request),
    hookFault('hooks.beforeRequest'),
    hookLimits(attempt, clock),
  )
  if (isFault(answer)) return unsent(answer, attempt)
  for (const name of headers.keys()) {
    if (!WIRE_HEADERS.has(name) || headers.get(name) === getHeader(attempt.headers, name)) continue
    return fault(
      'callback/hook',
      `hooks.beforeRequest: expected no ${name} header, got one. It is set from the request itself`,
    )
  }
  attempt.headers = attempt.trip.sentHeaders = toHeaderList(headers)
  return undefined
}

function toHeaderList(headers: Headers): HeaderList {
  const list: string[] = []
  for (const [name, value] of headers) list.push(name, value)
  return list
}

function hookLimits({ call, trip }: Attempt, clock: Clock) {
  return { trip, timeoutMs: call.plan.timeouts.dressingMs, clock }
}

/** Nothing was sent, so nothing is in doubt. An abort of a first attempt ends a request that has not started. */
function unsent(given: Fault, { trip }: Attempt): Fault {
  if (given.code !== 'aborted/in_flight' || trip.retry.attempts > 1) return { ...given, sent: false }
  trip.retry.attempts = 0
  const why = say(given.message).replace(/^aborted in flight: /, '')
  return { ...given, code: 'aborted/not_started', message: `not sent: ${why}`, sent: false }
}

function hookFault(name: string): (error: unknown) => Fault {
  return error => fault('callback/hook', `${name} threw: ${reasonOf(error)}`, { cause: error })
}
