/**
 * A worker thread that carries attempts: sockets, TLS, decompression and the limits of time that are the wire's. What to
 * send, and when, has been decided on the client's thread.
 */
import { packResult } from './sync-result.ts'
import { systemClock } from './system-clock.ts'
import { WIRE_TIMES } from './wire-messages.ts'
import type { FromWire, ToWire, WireData, WirePlan } from './wire-messages.ts'
import { useNetwork } from './network.ts'
import { DEFAULT_CALL } from '../config/plan.ts'
import { attempt } from '../core/attempt.ts'
import type { Attempt } from '../core/attempt.ts'
import type { CallPlan } from '../core/call.ts'
import { fault } from '../core/result.ts'
import type { Result } from '../core/result.ts'
import { Trip } from '../core/trip.ts'
import { timeout } from '../layer/timeout.ts'
import { undiciTransport } from '../transport/undici.ts'
import { workerData } from 'node:worker_threads'

const { port, tls, network } = workerData as WireData
useNetwork(network)

const transport = undiciTransport(tls, systemClock)
const send = timeout(systemClock)(carried => transport.send(carried))
const plans = new Map<number, CallPlan>()
const underWay = new Map<number, Attempt>()
let ended: FromWire[] = []
let moved: ArrayBuffer[] = []

port.on('message', (messages: readonly ToWire[]) => {
  for (const message of messages) receive(message)
})

function receive(message: ToWire): void {
  switch (message.kind) {
    case 'plan':
      plans.set(message.number, planOf(message.plan))
      return
    case 'send':
      carry(message)
      return
    case 'abort':
      underWay.get(message.id)?.trip.cancel(fault('aborted/in_flight', 'given up'))
      return
    case 'close':
      void transport.close().then(() => port.close())
  }
}

function planOf({ timeouts, maxResponseBytes, secretNames }: WirePlan): CallPlan {
  return { ...DEFAULT_CALL, timeouts, maxResponseBytes, secretNames }
}

function carry({ kind: _kind, id, plan: number, misdirected, ...call }: Extract<ToWire, { kind: 'send' }>): void {
  const nowMs = systemClock.now()
  const trip = new Trip(0, nowMs, Infinity)
  trip.misdirected = misdirected
  const plan = plans.get(number) ?? DEFAULT_CALL
  const rest = { key: undefined, meta: undefined, lane: '', costs: 1, credentials: undefined, atHome: true }
  const carried = attempt({ ...call, ...rest, plan, trip }, 1, nowMs)
  underWay.set(id, carried)
  void send(carried).then(result => end(id, carried, result))
}

/** Many end in one turn of the event loop; one message carries them all. */
function end(id: number, { sent, headed, reused, trip }: Attempt, result: Result): void {
  underWay.delete(id)
  const packed = packResult(result, true)
  const times = Object.fromEntries(WIRE_TIMES.map(name => [name, trip[name]])) as unknown as FromWire['times']
  if (ended.push({ id, result: packed.sent, sent, headed, reused, times }) === 1) setImmediate(flush)
  for (const buffer of packed.moved) moved.push(buffer)
}

function flush(): void {
  port.postMessage(ended, moved)
  ended = []
  moved = []
}
