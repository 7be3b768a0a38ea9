/** The transport: undici's `dispatch` on our own sockets, or on a Dispatcher that the caller passes. */
import { isIP } from 'node:net'
import type { Dispatcher } from 'undici'
import type { Socket } from 'node:net'
import type { Attempt } from '../core/attempt.ts'
import { isUpload } from '../core/body.ts'
import type { Upload } from '../core/body.ts'
import type { ConnectionPlan } from '../core/connection-plan.ts'
import type { DispatcherLike, LookupInput } from '../core/options.ts'
import type { Clock, Wire } from '../core/ports.ts'
import { fault, isFault, isShortage } from '../core/result.ts'
import type { Fault, Result } from '../core/result.ts'
import { filterHeaders, getHeader } from '../core/headers.ts'
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
import { watchedBody } from './watched.ts'

export interface WireParts {
  /** The caller's look-up of host names. Default: the system's. */
  readonly lookup?: LookupInput | undefined
  /** How many sockets this thread may have. Default: as many as the system allows. */
  readonly room?: Room
}

export function undiciTransport(
  { tls, http2 = false, blockPrivateAddresses, maxHeaderBytes = MAX_HEADER_BYTES }: ConnectionPlan,
  clock: Clock,
  { lookup, room = { max: () => Infinity } }: WireParts = {},
): Wire {
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
  /**
   * @param ready a connection that was made for this attempt
   */
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
        // Not for ports: a closed connection keeps its port for another minute.
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
    attempt.trip.stopwatch.forgetPhases()
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
      attempt.trip.stopwatch.sentAtMs = Infinity
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

/** Waits for the address check; sends the attempt unless it is refused or aborted meanwhile. */
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
  return givenUp ? fault('aborted/in_flight', 'aborted before it was sent') : carry(attempt)
}

/** The caller's own Dispatcher, such as a MockAgent or a pool with other settings. The caller closes it. */
export function dispatcherTransport(dispatcher: DispatcherLike, clock: Clock): Wire {
  // The caller's Dispatcher has a limit of its own.
  const parts: CollectorParts = { clock, memo: new HeaderMemo(), maxHeaderBytes: Infinity }
  const carry = (attempt: Attempt, measured?: Measured): Promise<Result> =>
    new Promise(resolve => {
      attempt.trip.stopwatch.forgetPhases()
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

/** An upload is measured before it takes a connection, so an unreadable file costs none. */
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
    return given ? await carry(attempt, measured) : fault('aborted/in_flight', 'aborted before it was sent')
  } finally {
    measured.close()
  }
}

/** undici ends a connection that must not be reused; this only keeps it from being taken before that. */
function isReusable(result: Result): boolean {
  return (
    result.kind === 'reply' &&
    !isMisdirected(result) &&
    !CLOSE_OPTION.test(getHeader(result.headers, 'connection') ?? '')
  )
}

/** The body arrived completely but could not be decoded, so the connection is fine. undici ends it where necessary. */
function isKept(result: Result, { isComplete }: Collector): boolean {
  return isComplete && result.kind === 'fault' && UNDECODED.test(result.code)
}

const UNDECODED = /^decode\/(?:corrupt|truncated|not_gzip|unsupported)$/

const isReset = (result: Result): boolean => result.kind === 'fault' && result.code.startsWith('reset/')

/** RFC 9110 §15.5.20: the request must be sent again over another connection. */
function isMisdirected(result: Result): boolean {
  return result.kind === 'reply' && result.status === 421
}

const CLOSE_OPTION = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i

function dispatch(dispatcher: Dispatcher, attempt: Attempt, collector: Collector, measured?: Measured): void {
  const { method, origin, body } = attempt.call
  const given = requestHeaders(attempt)
  // undici does not support Expect: the socket adds the header if there is a body to hold back.
  const expects = getHeader(given, 'expect') !== undefined
  const headers = expects ? filterHeaders(given, name => name !== 'expect') : given
  const bytes = measured?.bytes
  const serverName = getHeader(headers, 'host') === undefined ? undefined : serverNameOf(origin)
  const open = measured?.chunks ?? (typeof body === 'function' ? body : undefined)
  try {
    dispatcher.dispatch(
      {
        origin,
        ...(serverName !== undefined && { servername: serverName }),
        path: requestTarget(attempt),
        method,
        headers: (bytes === undefined ? headers : [...headers, 'content-length', String(bytes)]) as string[],
        // undici accepts async iterables as well; its types only know streams.
        body: (open === undefined ? (body ?? null) : watchedBody(open, collector)) as Exclude<
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

/** The server name for TLS, whatever the `Host` header says; undefined for an address. */
function serverNameOf(origin: string): string | undefined {
  const { hostname } = new URL(origin)
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : undefined
}
