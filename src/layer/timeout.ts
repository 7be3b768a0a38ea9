/**
 * The timeouts of one attempt: `timeout` for the whole, connect, headers and idle by phase, and the minimum speed of
 * its body. While the body of the request is being written, idle counts, and headers begins after it. They start on the wire, not in the queue, and stop while the received part is being processed.
 *
 * This layer settles the attempt itself, whatever the transport does. A transport may be slow to notice (undici ends a
 * connection that is being made only once it is made); the caller must not wait for it.
 */
import type { Alarm } from './alarms.ts'
import { Alarms } from './alarms.ts'
import { Speedometer, stepMs } from './speedometer.ts'
import { abortWork } from '../core/attempt.ts'
import type { Attempt } from '../core/attempt.ts'
import { reasonOf } from '../core/callback.ts'
import { formatDuration } from '../core/duration.ts'
import type { Done, Send } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'
import { fault } from '../core/result.ts'
import type { Fault, Result } from '../core/result.ts'

/**
 * While the clocks of an attempt are paused, its remaining time stays the same, and it is checked again after that
 * time. With almost no time left, the timer would fire constantly, so it waits at least this long. A timeout is late by
 * at most this time.
 */
const HELD_MS = 20

/** How long a stopped body may take to be decoded as far as it came. */
const MAX_SETTLING_MS = 100

export function timeout(clock: Clock): (send: Send<Attempt>) => Send<Attempt> {
  const alarms = new Alarms(clock)
  return send => (attempt, done) => new Watch(attempt, alarms, done).start(send)
}

/** For a transport that keeps timeouts itself: an attempt can still be aborted at once. */
export const untimed =
  (send: Send<Attempt>): Send<Attempt> =>
  (attempt, done) =>
    new Watch(attempt, undefined, done).start(send)

/** One attempt under its timeouts; settles once. */
class Watch implements Alarm {
  dueAtMs: number
  heapIndex = -1
  readonly #attempt: Attempt
  readonly #alarms: Alarms | undefined
  #resolve!: (result: Result) => void
  #settled = false
  /** A timeout that passed within a body. The work is stopped, and settles with what has arrived. */
  #struck: Fault | undefined
  /** Made when a body has not arrived after some time, which most bodies do not need. */
  #speed: Speedometer | undefined

  constructor(attempt: Attempt, alarms: Alarms | undefined, done: Done) {
    this.#attempt = attempt
    this.#alarms = alarms
    // What follows runs in the async context of the request, not in that of a socket or a timer, and not on their stack.
    void new Promise<Result>(resolve => (this.#resolve = resolve)).then(done)
    this.dueAtMs = attempt.startedAtMs + shortestMs(attempt)
  }

  start(send: Send<Attempt>): void {
    const attempt = this.#attempt
    attempt.trip.cancelSlot.hold('wire', given => this.#giveUp(given))
    if (this.#settled) return
    this.#alarms?.add(this)
    try {
      send(attempt, result => this.#settle(result))
    } catch (error) {
      this.#settle(transportThrew(attempt, error))
    }
  }

  ring(nowMs: number): void {
    const attempt = this.#attempt
    // Its clocks are paused. A timeout may have passed before that.
    const atMs = attempt.heldAtMs ?? nowMs
    const struck = struckLimit(attempt, atMs) ?? this.#tooSlow(atMs)
    if (struck !== undefined) return this.#strike(struck, nowMs)
    const dueAtMs = nextDueMs(attempt, atMs)
    this.dueAtMs = attempt.heldAtMs === undefined ? dueAtMs : nowMs + Math.max(dueAtMs - atMs, HELD_MS)
    this.#alarms?.add(this)
  }

  /** The status of a response counts even if its body stalls, so the work may say what has arrived. */
  #strike(struck: Fault, nowMs: number): void {
    const attempt = this.#attempt
    if (this.#struck !== undefined || attempt.phase !== 'body' || typeof attempt.abort !== 'object') {
      return this.#giveUp(this.#struck ?? struck)
    }
    this.#struck = { ...struck, sent: attempt.sent }
    this.dueAtMs = nowMs + MAX_SETTLING_MS
    this.#alarms?.add(this)
    this.#stop(this.#struck)
  }

  #tooSlow(nowMs: number): Fault | undefined {
    const { phase, bodyBytes, heldMs, call } = this.#attempt
    const { minSpeed } = call.plan
    if (phase !== 'body' || minSpeed.bytesPerSecond === 0) return undefined
    this.#speed ??= new Speedometer(minSpeed)
    const { overMs, bytesPerSecond } = minSpeed
    if (!this.#speed.isTooSlow(nowMs - heldMs, bodyBytes)) return undefined
    return fault('timeout/low_speed', [
      `the body came at less than ${bytesPerSecond} bytes per second for ${formatDuration(overMs)}. See `,
      { option: 'minSpeed' },
    ])
  }

  #giveUp(given: Fault): void {
    if (this.#settled) return
    const attempt = this.#attempt
    this.#settle({ ...given, sent: attempt.sent })
    this.#stop()
  }

  #stop(why?: Fault): void {
    try {
      abortWork(this.#attempt, why)
    } catch {
      // A caller's transport threw. The request is aborted all the same, and no other request must be affected.
    }
  }

  #settle(given: Result): void {
    if (this.#settled) return
    const begun = given.kind === 'fault' ? given.begun : undefined
    const result = this.#struck === undefined ? given : { ...this.#struck, ...(begun && { begun }) }
    this.#settled = true
    this.#alarms?.remove(this)
    this.#attempt.trip.cancelSlot.free()
    this.#resolve(result)
  }
}

/** A transport must neither throw nor reject. One that does fails only its own request. */
export function transportThrew({ sent }: Attempt, cause: unknown): Fault {
  return fault('internal/transport', `the transport threw: ${reasonOf(cause)}`, { sent, cause })
}

/** No timeout can pass before this long after the start, whatever the phases of the attempt. */
function shortestMs({ call }: Attempt): number {
  const { attemptMs, connectMs, headersMs, idleMs } = call.plan.timeouts
  return Math.min(attemptMs, connectMs, headersMs, idleMs, stepMs(call.plan.minSpeed))
}

function phaseDueMs({ call, phase, phaseAtMs, startedAtMs, uploading }: Attempt): number {
  const { connectMs, headersMs, idleMs } = call.plan.timeouts
  if (phase === 'headers') return phaseAtMs + (uploading ? idleMs : headersMs)
  if (phase === 'body') return phaseAtMs + idleMs
  return startedAtMs + connectMs
}

function struckLimit(attempt: Attempt, nowMs: number): Fault | undefined {
  const { call, phase, startedAtMs } = attempt
  const { attemptMs, connectMs, headersMs, idleMs } = call.plan.timeouts
  const isUpload = phase === 'headers' && attempt.uploading
  if (nowMs >= startedAtMs + attemptMs) {
    const doing = isUpload ? 'sending the body' : IN_PHASE[phase]
    return fault(`timeout/${phase}`, `the attempt took longer than ${formatDuration(attemptMs)} (${doing})`)
  }
  if (nowMs < phaseDueMs(attempt)) return undefined
  if (isUpload) return fault('timeout/idle', `the upload stalled for ${formatDuration(idleMs)}`)
  if (phase === 'headers') return fault('timeout/headers', `no response headers within ${formatDuration(headersMs)}`)
  if (phase === 'body') return fault('timeout/body', `the body stalled for ${formatDuration(idleMs)}`)
  return fault(`timeout/${phase}`, `no connection within ${formatDuration(connectMs)} (${IN_PHASE[phase]})`)
}

/** When to check again: a later phase with a timeout of its own may begin at any time. */
function nextDueMs(attempt: Attempt, nowMs: number): number {
  const { timeouts, minSpeed } = attempt.call.plan
  const { attemptMs, headersMs, idleMs } = timeouts
  const soonest = Math.min(headersMs, idleMs, stepMs(minSpeed))
  return Math.min(attempt.startedAtMs + attemptMs, phaseDueMs(attempt), nowMs + soonest)
}

const IN_PHASE: Readonly<Record<Attempt['phase'], string>> = {
  dns: 'looking up the host',
  connect: 'connecting',
  proxy: 'reaching it through a proxy',
  tls: 'in the TLS handshake',
  headers: 'waiting for the response',
  body: 'reading the body',
}
