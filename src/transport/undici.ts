/** The wire: undici's `dispatch` on sockets of our own, or on a Dispatcher of the caller's. */
import type { Dispatcher } from 'undici'
import type { Attempt } from '../core/attempt.ts'
import type { DispatcherLike } from '../core/options.ts'
import type { Clock, Transport } from '../core/ports.ts'
import type { Result } from '../core/result.ts'
import { getHeader } from '../core/headers.ts'
import { Collector } from './collect.ts'
import { connector } from './connect.ts'
import type { TlsPlan } from './connect.ts'
import { Sockets } from './sockets.ts'

export function undiciTransport(tls: TlsPlan, clock: Clock): Transport {
  const sockets = new Sockets(connector(tls), clock)
  return {
    send: attempt =>
      new Promise(resolve => {
        const line = sockets.take(attempt)
        const collector = new Collector(attempt, clock, result => {
          if (isReusable(result)) sockets.give(line)
          else sockets.drop(line)
          resolve(result)
        })
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
  return {
    send: attempt =>
      new Promise(resolve => {
        const collector = new Collector(attempt, clock, resolve)
        attempt.abort = () => collector.giveUp()
        dispatch(dispatcher as unknown as Dispatcher, attempt, collector)
      }),
    close: async () => undefined,
  }
}

function isReusable(result: Result): boolean {
  return result.kind === 'reply' && getHeader(result.headers, 'connection') !== 'close'
}

function dispatch(dispatcher: Dispatcher, attempt: Attempt, collector: Collector): void {
  const { method, origin, path, body } = attempt.call
  try {
    dispatcher.dispatch(
      {
        origin,
        path,
        method: method as Dispatcher.HttpMethod,
        headers: attempt.headers as string[],
        // An async iterable is what undici takes, too; its types know only streams.
        body: (typeof body === 'function' ? body() : (body ?? null)) as Exclude<
          Dispatcher.DispatchOptions['body'],
          undefined
        >,
      },
      collector as unknown as Dispatcher.DispatchHandler,
    )
  } catch (error) {
    collector.onDispatchError(error)
  }
}
