/** The wire: undici's `dispatch` on sockets of our own, or on a Dispatcher of the caller's. */
import { isIP } from 'node:net'
import type { Dispatcher } from 'undici'
import type { Socket } from 'node:net'
import type { Attempt } from '../core/attempt.ts'
import { isUpload } from '../core/body.ts'
import type { Upload } from '../core/body.ts'
import type { ConnectionPlan } from '../core/connection-plan.ts'
import type { DispatcherLike, LookupInput } from '../core/options.ts'
import type { Clock, Transport } from '../core/ports.ts'
import { fault, isFault, isShortage } from '../core/result.ts'
import type { Fault, Result } from '../core/result.ts'
import { filterHeaders, getHeader } from '../core/headers.ts'
import type { Trip } from '../core/trip.ts'
import { Collector } from './collect.ts'
import { MAX_HEADER_BYTES } from './wire.ts'
import type { CollectorParts } from './wire.ts'
import { Addresses } from './addresses.ts'
import { connector } from './connect.ts'
import { Expectation, ExpectingCollector, expectsContinue } from './expect.ts'
import { HeaderMemo } from './header-memo.ts'
import { lateHttp2 } from './late-http2.ts'
import { openSockets } from './open-sockets.ts'
import type { Room } from './open-sockets.ts'
import { Sockets } from './sockets.ts'
import { orRefusedByProxy, requestHeaders, requestTarget } from './tunnel/forward.ts'
import { tunneller } from './tunnel/through.ts'
import { measure } from './upload.ts'
import type { Measured } from './upload.ts'
import { watched } from './watched.ts'

export interface WireParts {
  /** The caller's way from names to addresses. Default the system's. */
  readonly lookup?: LookupInput | undefined
  /** How many sockets this thread may have. Default as many as the system gives. */
  readonly room?: Room
}

export function undiciTransport(
  { tls, http2 = false, blockPrivateAddresses, maxHeaderBytes = MAX_HEADER_BYTES }: ConnectionPlan,
  clock: Clock,
  { lookup, room = { max: () => Infinity } }: WireParts = {},
): Transport {
  const parts: CollectorParts = { clock, memo: new HeaderMemo(), maxHeaderBytes }
  const addresses = new Addresses({ clock, lookup, publicOnly: blockPrivateAddresses })
  const connect = connector(tls, addresses)
  const sockets = new Sockets({
    connect,
    through: tunneller({ tls, connect, addresses, clock }),
    clock,
    room,
    maxHeaderBytes,
  })
  /** @param ready a connection that has been made for this attempt */
  const plain = (attempt: Attempt, measured?: Measured, ready?: Socket): Promise<Result> =>
    new Promise(resolve => {
      const line = sockets.take(attempt, ready)
      const expectation = expectsContinue(attempt) ? new Expectation(() => line.socket, clock) : undefined
      const settle = (given: Result): void => {
        const result = orRefusedByProxy(given, attempt)
        expectation?.end()
        const isFree = (collector.isComplete && isReusable(result)) || isKept(result, collector)
        if (isFree && expectation?.isDone !== false) sockets.give(line)
        else sockets.drop(line)
        // Not for a port: closing a connection keeps its port for a minute more.
        if (isShortage(result) && result.code !== 'resource/port') openSockets.closeIdle()
        if (isMisdirected(result) || (attempt.reused && isReset(result))) sockets.dropIdle(attempt)
        resolve(result)
      }
      const collector =
        expectation === undefined
          ? new Collector(attempt, parts, settle, line)
          : new ExpectingCollector(expectation, attempt, parts, settle, line)
      line.reader = collector
      attempt.abort = () => {
        collector.giveUp()
        sockets.drop(line)
      }
      dispatch(line.client, attempt, collector, measured)
    })
  const h2 = http2 ? lateHttp2({ connection: { tls, addresses, clock }, room, ...parts, plain }) : undefined
  const carry = (attempt: Attempt, measured?: Measured): Promise<Result> => {
    forgetPhases(attempt.trip)
    return h2 !== undefined && attempt.call.origin.startsWith('https:')
      ? h2.send(attempt, measured)
      : plain(attempt, measured)
  }
  const measuredFirst = (attempt: Attempt): Promise<Result> => {
    const { body } = attempt.call
    return isUpload(body) ? sendMeasured(attempt, body, carry, clock) : carry(attempt)
  }
  return {
    send: attempt => {
      attempt.trip.sentAtMs = Infinity
      const refused = addresses.refusal(attempt)
      if (refused === undefined) return measuredFirst(attempt)
      return isFault(refused) ? Promise.resolve(refused) : onceAdmitted(attempt, refused, measuredFirst)
    },
    async close() {
      sockets.close()
      await h2?.close()
    },
  }
}

/** Carries the attempt unless it is refused, or given up, while nothing is open for it yet. */
async function onceAdmitted(
  attempt: Attempt,
  refusal: Promise<Fault | undefined>,
  carry: (attempt: Attempt) => Promise<Result>,
): Promise<Result> {
  let givenUp = false
  attempt.phase = 'dns'
  attempt.abort = () => (givenUp = true)
  const refused = await refusal
  attempt.abort = undefined
  if (refused !== undefined) return refused
  return givenUp ? fault('aborted/in_flight', 'given up before it was sent') : carry(attempt)
}

/** The caller's own Dispatcher: a MockAgent, a pool with other settings. It stays the caller's to close. */
export function dispatcherTransport(dispatcher: DispatcherLike, clock: Clock): Transport {
  // The Dispatcher has a limit of its own.
  const parts: CollectorParts = { clock, memo: new HeaderMemo(), maxHeaderBytes: Infinity }
  const carry = (attempt: Attempt, measured?: Measured): Promise<Result> =>
    new Promise(resolve => {
      forgetPhases(attempt.trip)
      const collector = new Collector(attempt, parts, resolve)
      attempt.abort = () => collector.giveUp()
      dispatch(dispatcher as unknown as Dispatcher, attempt, collector, measured)
    })
  return {
    send(attempt) {
      const { body } = attempt.call
      return isUpload(body) ? sendMeasured(attempt, body, carry, clock) : carry(attempt)
    },
    close: async () => undefined,
  }
}

/** An upload is looked at before it takes a connection: what cannot be read costs none. */
async function sendMeasured(
  attempt: Attempt,
  upload: Upload,
  carry: (attempt: Attempt, measured: Measured) => Promise<Result>,
  clock: Clock,
): Promise<Result> {
  let given = true
  attempt.abort = () => (given = false)
  const measured = await measure(upload, clock)
  attempt.abort = undefined
  if (isFault(measured)) return measured
  try {
    return given ? await carry(attempt, measured) : fault('aborted/in_flight', 'given up before it was sent')
  } finally {
    measured.close()
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

/** The wire did its part: a body that came whole, and could not be decoded. undici ends what is to be ended. */
function isKept(result: Result, { isComplete }: Collector): boolean {
  return isComplete && result.kind === 'fault' && UNDECODED.test(result.code)
}

const UNDECODED = /^decode\/(?:corrupt|truncated|not_gzip|unsupported)$/

const isReset = (result: Result): boolean => result.kind === 'fault' && result.code.startsWith('reset/')

/** RFC 9110 §15.5.20: what was asked over this connection is to be asked over another one. */
function isMisdirected(result: Result): boolean {
  return result.kind === 'reply' && result.status === 421
}

const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i

function dispatch(dispatcher: Dispatcher, attempt: Attempt, collector: Collector, measured?: Measured): void {
  const { method, origin, body } = attempt.call
  const given = requestHeaders(attempt)
  // undici knows no expectations: the socket adds the header where there is a body to keep back.
  const expects = getHeader(given, 'expect') !== undefined
  const headers = expects ? filterHeaders(given, name => name !== 'expect') : given
  const bytes = measured?.bytes
  const serverName = getHeader(headers, 'host') === undefined ? undefined : nameOf(origin)
  const open = measured?.chunks ?? (typeof body === 'function' ? body : undefined)
  try {
    dispatcher.dispatch(
      {
        origin,
        ...(serverName !== undefined && { servername: serverName }),
        path: requestTarget(attempt),
        method,
        headers: (bytes === undefined ? headers : [...headers, 'content-length', String(bytes)]) as string[],
        // An async iterable is what undici takes, too; its types know only streams.
        body: (open === undefined ? (body ?? null) : watched(open, collector)) as Exclude<
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

/** Whom TLS asks for, whatever the `Host` header says; an address has no name. */
function nameOf(origin: string): string | undefined {
  const { hostname } = new URL(origin)
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : undefined
}
