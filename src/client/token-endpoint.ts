/**
 * Asks a token endpoint over the wire of the client: its connections, proxies, TLS options and guards apply. Outside of
 * the gate, because every request waits for the token, and without redirects, cookies and hooks.
 */
import { grantToken } from './oauth.ts'
import type { AskEndpoint } from './oauth.ts'
import { attempt } from '../core/attempt.ts'
import type { Attempt } from '../core/attempt.ts'
import { resultOf } from '../core/awaited.ts'
import type { Call, CallPlan } from '../core/call.ts'
import type { HeaderList } from '../core/headers.ts'
import type { Send } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'
import { toHeaders } from '../core/printable-headers.ts'
import { fault } from '../core/result.ts'
import type { Grant } from '../core/tokens.ts'
import { Trip } from '../core/trip.ts'
import { parseUrl, printableUrl } from '../core/url.ts'
import { say } from '../core/words.ts'

/** An answer with a token is small. */
const MAX_ANSWER_BYTES = 1_048_576

/** @param send to the wire, by the way that the request itself would take */
export const tokenEndpoint =
  (send: Send<Attempt>, clock: Clock) =>
  (asking: Call): Grant =>
  (plan, refreshToken, signal) =>
    grantToken(plan, refreshToken, signal, endpointFor(asking, send, clock))

function endpointFor({ index, plan }: Call, send: Send<Attempt>, clock: Clock): AskEndpoint {
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
      repeatable: false,
      plan: endpointPlan(plan),
      trip: new Trip(0, clock.now(), Infinity),
    }
    const giveUp = (): void => call.trip.cancelSlot.cancel(fault('aborted/in_flight', 'it took too long'))
    signal.addEventListener('abort', giveUp, { once: true })
    const result = await resultOf(send, attempt(call, 1, clock.now()))
    signal.removeEventListener('abort', giveUp)
    if (result.kind === 'reply') {
      return { status: result.status, headers: toHeaders(result.headers), body: new Uint8Array(result.body) }
    }
    const error = new Error(`${printableUrl(url)}: ${say(result.message)} (${result.code})`, { cause: result.cause })
    throw Object.assign(error, { code: result.code })
  }
}

/** The way, the timeouts and the TLS of the request; nothing that concerns its own answer. */
const endpointPlan = (plan: CallPlan): CallPlan => ({
  ...plan,
  returnType: 'content',
  schema: undefined,
  parseFunc: undefined,
  onChunk: undefined,
  hooks: {},
  maxResponseBytes: MAX_ANSWER_BYTES,
})
