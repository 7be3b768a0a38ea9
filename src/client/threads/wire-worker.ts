/**
 * A worker thread that carries attempts: sockets, TLS, decompression and the timeouts of the wire. The client's thread
 * decides what is sent and when.
 */
import { packResult } from './sync-result.ts'
import { systemClock } from '../system-clock.ts'
import { ATTEMPT_FLAGS } from './wire-messages.ts'
import type { AttemptEnd, FromWire, SentAttempt, SentHead, ToWire, WireData } from './wire-messages.ts'
import { useNetwork } from './network.ts'
import { DEFAULT_CALL } from '../../config/plan.ts'
import { attempt } from '../../core/attempt.ts'
import type { Attempt } from '../../core/attempt.ts'
import type { CallPlan } from '../../core/call.ts'
import { PREEMPTED, fault } from '../../core/result.ts'
import type { Reply, Result } from '../../core/result.ts'
import { Trip } from '../../core/trip.ts'
import { timeout } from '../../layer/timeout.ts'
import { ownTransport } from '../../transport/transport.ts'
import { setImmediate } from 'node:timers'
import { workerData } from 'node:worker_threads'

/** A larger body is cheaper to transfer in its own buffer than to copy. */
const MAX_SMALL_BYTES = 16_384

const { port, connection, network, sockets } = workerData as WireData
useNetwork(network)

const transport = ownTransport(connection, systemClock, { room: { max: () => sockets } })
const sendInTime = timeout(systemClock)(transport.send)
const plans = new Map<number, CallPlan>()
const underWay = new Map<number, Attempt>()
let pendingEnds: AttemptEnd[] = []
let small: Uint8Array[] = []
let smallBytes = 0
let moved: ArrayBuffer[] = []
let lastHead: SentHead | undefined

port.on('message', (messages: readonly ToWire[]) => {
  for (const message of messages) onWireMessage(message)
})
// The first message tells the client that this thread is up.
port.postMessage({ ended: [], small: new Uint8Array() } satisfies FromWire)

function onWireMessage(message: ToWire): void {
  if (!('kind' in message)) return carryAttempt(message)
  switch (message.kind) {
    case 'plan':
      plans.set(message.number, {
        ...(plans.get(message.number - 1) ?? DEFAULT_CALL),
        ...message.changed,
        acceptStatus: message.refuses ? DEFAULT_CALL.acceptStatus : anyStatus,
      })
      return
    case 'abort':
      give(message.id)
      return
    case 'preempt':
      preempt(underWay.get(message.id))
      return
    case 'close':
      void transport.close().then(() => port.close())
  }
}

function carryAttempt([id, number, method, origin, path, headers, body, misdirected, proxy]: SentAttempt): void {
  const nowMs = systemClock.now()
  const trip = new Trip(0, nowMs, Infinity)
  trip.retry.misdirected = misdirected
  const carried = attempt(
    {
      index: 0,
      key: undefined,
      meta: undefined,
      method,
      url: origin + path,
      origin,
      lane: '',
      costs: 1,
      path,
      headers,
      body,
      credentials: undefined,
      atHome: true,
      // The client decides whether to retry.
      replayable: false,
      repeatable: false,
      plan: plans.get(number) ?? DEFAULT_CALL,
      trip,
    },
    1,
    nowMs,
  )
  carried.proxy = proxy
  underWay.set(id, carried)
  sendInTime(carried, result => {
    if (underWay.delete(id)) reportEnd(id, carried, result)
  })
}

/** The caller's function is on the other thread, which judges the response: its body is collected as that of a success. */
const anyStatus = (): boolean => true

/** The caller does not wait for this attempt any more. */
function give(id: number): void {
  const carried = underWay.get(id)
  underWay.delete(id)
  carried?.trip.cancelSlot.cancel(fault('aborted/in_flight', 'aborted'))
}

function preempt(carried: Attempt | undefined): void {
  if (carried?.sent === false)
    carried.trip.cancelSlot.interrupt(fault(PREEMPTED, 'gave its slot to another host while connecting'))
}

/** Many attempts end in one turn of the event loop; one message reports them all. */
function reportEnd(id: number, { sent, headed, reused, trip }: Attempt, result: Result): void {
  const flags =
    (sent ? ATTEMPT_FLAGS.sent : 0) + (headed ? ATTEMPT_FLAGS.headed : 0) + (reused ? ATTEMPT_FLAGS.reused : 0)
  const { warnings, stopwatch } = trip
  const { dnsMs, connectMs, tlsMs, firstByteMs, bodyMs } = stopwatch
  const [packed, body] = pack(result)
  const count = pendingEnds.push([id, flags, packed, body, dnsMs, connectMs, tlsMs, firstByteMs, bodyMs, warnings])
  if (count === 1) setImmediate(flush)
}

function pack(result: Result): [result: AttemptEnd[2], body: AttemptEnd[3]] {
  if (result.kind === 'reply' && result.body.byteLength <= MAX_SMALL_BYTES) {
    small.push(result.body)
    smallBytes += result.body.byteLength
    return [sentHeadOf(result), result.body.byteLength]
  }
  const packed = packResult(result, true)
  for (const buffer of packed.moved) moved.push(buffer)
  return packed.sent.kind === 'reply' ? [sentHeadOf(packed.sent), packed.sent.body] : [packed.sent, 0]
}

/** Within a message, an object that appeared before costs almost nothing. */
function sentHeadOf({ kind: _kind, body: _body, url: _url, ...head }: Reply): SentHead {
  if (lastHead === undefined || !isSameHead(lastHead, head)) lastHead = head
  return lastHead
}

/** The transport returns the same list for the same headers. */
function isSameHead(a: SentHead, b: SentHead): boolean {
  return (
    a.headers === b.headers &&
    a.status === b.status &&
    a.statusText === b.statusText &&
    a.integrity === b.integrity &&
    a.protocol === b.protocol &&
    a.retryAt === b.retryAt &&
    a.warnings === b.warnings &&
    a.isCut === b.isCut
  )
}

function flush(): void {
  const bytes = new Uint8Array(smallBytes)
  let at = 0
  for (const body of small) {
    bytes.set(body, at)
    at += body.byteLength
  }
  moved.push(bytes.buffer)
  const message: FromWire = { ended: pendingEnds, small: bytes }
  port.postMessage(message, moved)
  pendingEnds = []
  small = []
  smallBytes = 0
  moved = []
}
