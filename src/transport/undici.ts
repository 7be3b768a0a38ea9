/** The wire: undici's `dispatch` on sockets of our own, or on a Dispatcher of the caller's. */
import type { Dispatcher } from 'undici'
import type { Attempt } from '../core/attempt.ts'
import type { Body } from '../core/call.ts'
import type { ConnectionPlan } from '../core/connection-plan.ts'
import { reasonOf } from '../core/callback.ts'
import type { DispatcherLike } from '../core/options.ts'
import type { Clock, Transport } from '../core/ports.ts'
import type { Result } from '../core/result.ts'
import { getHeader } from '../core/headers.ts'
import type { Trip } from '../core/trip.ts'
import { Collector } from './collect.ts'
import type { CollectorParts } from './collect.ts'
import { connector } from './connect.ts'
import { HeaderMemo } from './header-memo.ts'
import { Sockets } from './sockets.ts'

export function undiciTransport({ tls }: ConnectionPlan, clock: Clock): Transport {
  const parts: CollectorParts = { clock, memo: new HeaderMemo() }
  const sockets = new Sockets(connector(tls), clock)
  return {
    send: attempt =>
      new Promise(resolve => {
        forgetPhases(attempt.trip)
        const line = sockets.take(attempt)
        const collector = new Collector(
          attempt,
          parts,
          result => {
            if (isReusable(result)) sockets.give(line)
            else sockets.drop(line)
            if (isMisdirected(result) || (attempt.reused && isReset(result))) sockets.dropIdle(attempt)
            resolve(result)
          },
          line,
        )
        line.reader = collector
        attempt.abort = () => {
          collector.giveUp()
          sockets.drop(line)
        }
        dispatch(line.client, attempt, collector)
      }),
    close: async () => sockets.close(),
  }
}

/** The caller's own Dispatcher: a MockAgent, a pool with other settings. It stays the caller's to close. */
export function dispatcherTransport(dispatcher: DispatcherLike, clock: Clock): Transport {
  const parts: CollectorParts = { clock, memo: new HeaderMemo() }
  return {
    send: attempt =>
      new Promise(resolve => {
        forgetPhases(attempt.trip)
        const collector = new Collector(attempt, parts, resolve)
        attempt.abort = () => collector.giveUp()
        dispatch(dispatcher as unknown as Dispatcher, attempt, collector)
      }),
    close: async () => undefined,
  }
}

/** Timings tell of the last attempt: what an earlier one spent on a connection is not this one's. */
function forgetPhases(trip: Trip): void {
  trip.dnsMs = trip.connectMs = trip.tlsMs = trip.firstByteMs = trip.bodyMs = undefined
}

/** undici ends a connection that must not be used again; here it only must not be taken before that. */
function isReusable(result: Result): boolean {
  return result.kind === 'reply' && !isMisdirected(result) && !CLOSE.test(getHeader(result.headers, 'connection') ?? '')
}

const isReset = (result: Result): boolean => result.kind === 'fault' && result.code.startsWith('reset/')

/** RFC 9110 §15.5.20: what was asked over this connection is to be asked over another one. */
function isMisdirected(result: Result): boolean {
  return result.kind === 'reply' && result.status === 421
}

const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i

function dispatch(dispatcher: Dispatcher, attempt: Attempt, collector: Collector): void {
  const { method, origin, path, body } = attempt.call
  try {
    dispatcher.dispatch(
      {
        origin,
        path,
        method,
        headers: attempt.headers as string[],
        // An async iterable is what undici takes, too; its types know only streams.
        body: (typeof body === 'function' ? watched(body, collector) : (body ?? null)) as Exclude<
          Dispatcher.DispatchOptions['body'],
          undefined
        >,
      },
      collector,
    )
  } catch (error) {
    collector.onDispatchError(error)
  }
}

/** The caller's stream. Its failure is told apart from the wire's, whatever code its error has. */
async function* watched(
  open: Exclude<Body, string | Uint8Array>,
  collector: Collector,
): AsyncGenerator<Uint8Array | string, void> {
  // Not in the turn in which undici writes: a failure there would end its Client in the middle of its bookkeeping, and
  // an assertion of undici's would take down the process.
  await Promise.resolve()
  try {
    for await (const chunk of open()) {
      if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
        throw new TypeError(`expected chunks of bytes or text, got a ${typeof chunk}`)
      }
      yield chunk
    }
  } catch (error) {
    collector.onBodyError(`the body could not be read: ${reasonOf(error)}`, error)
    throw error
  }
}
