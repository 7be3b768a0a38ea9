/** The transport: our own connections over HTTP/1.1 and, where it is offered, HTTP/2. */
import type { Socket } from 'node:net'
import { Addresses } from './addresses.ts'
import { Collector } from './collect.ts'
import { connector } from './connect.ts'
import { Exchange } from './h1/exchange.ts'
import { MAX_HEADERS } from './head.ts'
import { HeaderMemo } from './header-memo.ts'
import { lateHttp2 } from './late-http2.ts'
import { openSockets } from './open-sockets.ts'
import type { Room } from './open-sockets.ts'
import { Sockets } from './sockets.ts'
import { orRefusedByProxy } from './tunnel/forward.ts'
import { tunneller } from './tunnel/through.ts'
import { sendMeasured } from './upload.ts'
import type { Carry, Measured } from './upload.ts'
import { MAX_HEADER_BYTES } from './wire.ts'
import type { CollectorParts } from './wire.ts'
import type { Attempt } from '../core/attempt.ts'
import { awaited, resultOf } from '../core/awaited.ts'
import type { Done, Send } from '../core/layer.ts'
import { isUpload } from '../core/body.ts'
import type { ConnectionPlan } from '../core/connection-plan.ts'
import type { LookupInput } from '../core/options.ts'
import type { Clock } from '../core/ports.ts'
import type { Wire } from '../core/wire.ts'
import { fault, isFault, isShortage } from '../core/result.ts'
import type { Fault, Result } from '../core/result.ts'

/** All extensions of the chunks of one body together. */
const MAX_EXTENSION_BYTES = 65_536

export interface WireParts {
  /** The caller's lookup of host names. Default: the system's. */
  readonly lookup?: LookupInput | undefined
  /** How many sockets this thread may have. Default: as many as the system allows. */
  readonly room?: Room
}

export function ownTransport(plan: ConnectionPlan, clock: Clock, wireParts: WireParts = {}): Wire {
  const { tls, http2 = false, blockPrivateAddresses, maxHeaderBytes = MAX_HEADER_BYTES } = plan
  const { lookup, room = { max: () => Infinity } } = wireParts
  const parts: CollectorParts = { clock, memo: new HeaderMemo(), maxHeaderBytes }
  const addresses = new Addresses({ clock, lookup, publicOnly: blockPrivateAddresses })
  const connect = connector(tls, addresses)
  const fields = { maxBytes: maxHeaderBytes, maxFields: MAX_HEADERS }
  const limits = { maxExtensionBytes: MAX_EXTENSION_BYTES, trailers: fields }
  const through = tunneller({ tls, connect, addresses, clock })
  const sockets = new Sockets({ connect, through, clock, room, limits: fields })
  /**
   * @param ready a connection that was made for this attempt
   */
  const plain = (attempt: Attempt, done: Done, measured?: Measured, ready?: Socket): void => {
    const settle = (given: Result): void => {
      const result = orRefusedByProxy(given, attempt)
      exchange.settled(result.kind === 'reply' || UNDECODED.test(result.code))
      // Not for ports: a closed connection keeps its port for another minute.
      if (isShortage(result) && result.code !== 'resource/port') openSockets.closeIdle()
      if (isMisdirected(result)) sockets.dropIdle(attempt, true)
      else if (attempt.reused && isReset(result)) sockets.dropIdle(attempt, attempt.call.repeatable)
      done(result)
    }
    const collector = new Collector(attempt, parts, settle)
    const exchange = new Exchange({ attempt, collector, measured, clock, limits })
    attempt.abort = exchange
    sockets.send(exchange, ready)
  }
  const h2 = http2 ? lateHttp2({ connection: { tls, addresses, clock }, room, ...parts, plain }) : undefined
  const carry: Carry = (attempt, done, measured) => {
    attempt.trip.stopwatch.forgetPhases()
    if (h2 !== undefined && attempt.call.origin.startsWith('https:')) h2.send(attempt, done, measured)
    else plain(attempt, done, measured)
  }
  const measuredFirst = (attempt: Attempt, done: Done): void => {
    const { body } = attempt.call
    if (isUpload(body)) awaited(sendMeasured(attempt, body, carry, clock), done)
    else carry(attempt, done)
  }
  return {
    send: (attempt, done) => {
      attempt.trip.stopwatch.sentAtMs = Infinity
      const refused = addresses.refusal(attempt)
      if (refused === undefined) measuredFirst(attempt, done)
      else if (isFault(refused)) done(refused)
      else awaited(onceAdmitted(attempt, refused, measuredFirst), done)
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
  send: Send<Attempt>,
): Promise<Result> {
  let givenUp = false
  attempt.phase = 'dns'
  attempt.abort = () => (givenUp = true)
  const refused = await refusal
  attempt.abort = undefined
  if (refused !== undefined) return refused
  return givenUp ? fault('aborted/in_flight', 'aborted before it was sent') : resultOf(send, attempt)
}

/** The body arrived completely but could not be decoded, so the connection is fine. */
const UNDECODED = /^decode\/(?:corrupt|truncated|not_gzip|unsupported)$/

const isReset = (result: Result): boolean => result.kind === 'fault' && result.code.startsWith('reset/')

/** RFC 9110 §15.5.20: the request must be repeated over another connection. */
function isMisdirected(result: Result): boolean {
  return (result.kind === 'reply' ? result : result.begun)?.status === 421
}
