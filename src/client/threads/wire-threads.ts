/**
 * A Transport whose sockets live in worker threads. Everything above it stays on one thread, with one source, one set
 * of limits and all of the caller's functions. Only the wire, which is most of the work, is spread over cores.
 */
import { networkDefaults, threadOptions } from './network.ts'
import { processSockets } from '../process-sockets.ts'
import { unpackResult } from './sync-result.ts'
import { systemClock } from '../system-clock.ts'
import { workerFile } from './worker-file.ts'
import { ATTEMPT_FLAGS } from './wire-messages.ts'
import type { AttemptEnd, FromWire, ToWire, WireData } from './wire-messages.ts'
import { changedFields } from '../../config/crossing.ts'
import { DEFAULT_CALL } from '../../config/plan.ts'
import { isAtHand } from '../../core/body.ts'
import type { ConnectionPlan } from '../../core/connection-plan.ts'
import type { Attempt } from '../../core/attempt.ts'
import type { CallPlan } from '../../core/call.ts'
import type { Wire } from '../../core/wire.ts'
import { fault } from '../../core/result.ts'
import type { Done } from '../../core/layer.ts'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'

/**
 * @param local carries bodies that are not in memory: streams, files, and those that a function of the caller makes
 * @throws ConfigError if a thread cannot be started
 */
export function threadedTransport(threads: number, connection: ConnectionPlan, local: Wire): Wire {
  const file = workerFile('wire-worker', 'workers')
  const lines: WireThread[] = []
  const freest = (): WireThread => {
    let best: WireThread | undefined
    for (const line of lines) if (best === undefined || line.running < best.running) best = line
    if (best !== undefined && (best.running === 0 || lines.length === threads)) return best
    const made = new WireThread(file, connection, threads, () => void lines.splice(lines.indexOf(made), 1))
    lines.push(made)
    return made
  }
  return {
    send: (attempt, done) => {
      if (isAtHand(attempt.call.body) && attempt.call.sink === undefined) freest().carry(attempt, done)
      else local.send(attempt, done)
    },
    async close() {
      await Promise.all([local.close(), ...lines.map(line => line.close())])
    },
  }
}

interface Carried {
  readonly attempt: Attempt
  readonly done: Done
}

/**
 * A thread is assumed to have written an attempt after this time, with a new connection if needed. A rate counts the
 * start from there.
 */
const SENT_WITHIN_MS = 200
/**
 * The same for attempts that were passed before the thread had started: its code is cold, and all connections are new.
 */
const FIRST_SENT_WITHIN_MS = 1_000

class WireThread {
  /** The thread has loaded its code and reads messages. */
  #isUp = false
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #carried = new Map<number, Carried>()
  readonly #plans = new Map<CallPlan, number>()
  #lastPlan: CallPlan | undefined
  #outbox: ToWire[] = []
  #moved: ArrayBuffer[] = []
  #lastId = 0
  #closing = false

  constructor(file: string, connection: ConnectionPlan, threads: number, gone: () => void) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const workerData: WireData = {
      port: port2,
      connection,
      network: networkDefaults(),
      sockets: Math.ceil(processSockets().size / threads),
    }
    this.#worker = new Worker(file, {
      name: 'parallel-requests-wire',
      workerData,
      transferList: [port2],
      ...threadOptions(),
    })
    let reason: unknown
    this.#worker.on('error', error => (reason = error))
    this.#worker.on('exit', () => {
      gone()
      this.#lose(reason)
    })
    this.#port.on('message', ({ ended, small }: FromWire) => {
      if (!this.#isUp) this.#comeUp()
      let at = 0
      for (const one of ended) {
        const [, , , body] = one
        // A copy, so that a caller that writes into the buffer of one body does not change others.
        const bytes = typeof body === 'number' ? small.slice(at, (at += body)) : body
        this.#end(one, bytes)
      }
    })
    this.#rest()
  }

  get running(): number {
    return this.#carried.size
  }

  carry(attempt: Attempt, done: Done): void {
    const id = ++this.#lastId
    const { method, origin, path, body, plan, trip } = attempt.call
    // Idle threads do not keep the process alive; busy ones do.
    if (this.#carried.size === 0) this.#wake()
    this.#carried.set(id, { attempt, done })
    // The client is told only at the end: until then the attempt may have been sent.
    attempt.sent = true
    // A thread that is still starting needs more time.
    trip.stopwatch.sentAtMs = this.#isUp ? attempt.admittedAtMs + SENT_WITHIN_MS : Infinity
    attempt.abort = () => this.#abort(id)
    attempt.preempt = () => this.#post({ kind: 'preempt', id })
    const number = this.#planNumber(plan)
    this.#post([
      id,
      number,
      method,
      origin,
      path,
      attempt.headers,
      this.#cross(body),
      trip.retry.misdirected,
      attempt.proxy,
    ])
  }

  /**
   * Called when the thread reports that it has started. The first answer would be too late: it may take minutes, and a
   * rate would wait for it.
   */
  #comeUp(): void {
    this.#isUp = true
    const sentByMs = systemClock.now() + FIRST_SENT_WITHIN_MS
    for (const { attempt } of this.#carried.values()) attempt.trip.stopwatch.sentAtMs = sentByMs
  }

  /** Bytes are copied into a buffer that is transferred: the original stays, for a retry and for the caller. */
  #cross(body: Attempt['call']['body']): string | Uint8Array | undefined {
    // No other body reaches this method.
    if (!(body instanceof Uint8Array)) return body as string | undefined
    const copy = new Uint8Array(body)
    this.#moved.push(copy.buffer)
    return copy
  }

  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    this.#post({ kind: 'close' })
    this.#flush()
    await this.#worker.terminate()
  }

  #abort(id: number): void {
    if (this.#carried.delete(id)) this.#post({ kind: 'abort', id })
    if (this.#carried.size === 0) this.#rest()
  }

  #end(
    [id, flags, result, , dnsMs, connectMs, tlsMs, firstByteMs, bodyMs, warnings]: AttemptEnd,
    body: Uint8Array,
  ): void {
    const carried = this.#carried.get(id)
    // The attempt was abandoned meanwhile.
    if (carried === undefined) return
    this.#carried.delete(id)
    if (this.#carried.size === 0) this.#rest()
    const { attempt, done } = carried
    const { call, trip } = attempt
    attempt.sent = (flags & ATTEMPT_FLAGS.sent) !== 0
    // The time of writing is unknown, but is not later than the end of the attempt.
    attempt.trip.stopwatch.sentAtMs = Number.MAX_VALUE
    attempt.headed = (flags & ATTEMPT_FLAGS.headed) !== 0
    attempt.reused = (flags & ATTEMPT_FLAGS.reused) !== 0
    attempt.abort = attempt.preempt = undefined
    trip.stopwatch.dnsMs = dnsMs
    trip.stopwatch.connectMs = connectMs
    trip.stopwatch.tlsMs = tlsMs
    trip.stopwatch.firstByteMs = firstByteMs
    trip.stopwatch.bodyMs = bodyMs
    if (warnings !== undefined) for (const warning of warnings) trip.warn(warning)
    done('kind' in result ? unpackResult(result, []) : { kind: 'reply', ...result, body, url: call.url })
  }

  /** Fails the requests of a thread that died: it is unknown which of them were sent. */
  #lose(cause: unknown): void {
    const lost = fault('internal/worker', 'the worker thread that carried it has ended', { sent: true, cause })
    for (const { done } of this.#carried.values()) done(lost)
    this.#carried.clear()
    this.#port.close()
  }

  #planNumber(plan: CallPlan): number {
    let number = this.#plans.get(plan)
    if (number !== undefined) return number
    // The plans of single requests change: the worker keeps as many as this side does.
    if (this.#plans.size >= MAX_PLANS) this.#plans.clear()
    const before = this.#plans.size === 0 ? undefined : this.#lastPlan
    this.#plans.set(plan, (number = this.#plans.size))
    this.#lastPlan = plan
    const refuses = plan.acceptStatus === DEFAULT_CALL.acceptStatus
    this.#post({ kind: 'plan', number, changed: changedFields('call', plan, before), refuses })
    return number
  }

  /** All messages of one turn are posted as one: the tick runs after every promise of the turn. */
  #post(message: ToWire): void {
    if (this.#outbox.push(message) === 1) process.nextTick(() => this.#flush())
  }

  #flush(): void {
    if (this.#outbox.length === 0) return
    this.#port.postMessage(this.#outbox, this.#moved)
    this.#outbox = []
    this.#moved = []
  }

  #wake(): void {
    this.#worker.ref()
    this.#port.ref()
  }

  #rest(): void {
    this.#worker.unref()
    this.#port.unref()
  }
}

const MAX_PLANS = 1_000
