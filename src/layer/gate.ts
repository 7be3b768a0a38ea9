/**
 * Decides when an attempt may go on the wire. Books every limit in the same tick, because a token spent in a queue
 * comes out in a bunch; skips a lane that cannot go, so that one host's limits never block another's; and pauses a
 * whole lane when its host says so.
 *
 * Every limit that blocks somebody is a turnstile with its own line of lanes. A lane is parked at the limit that
 * blocks it and asked again when that limit has something to give, so that nobody scans all lanes, and lanes are
 * served in turn. One timer for all.
 */
import { Alarms } from './alarms.ts'
import { Queue, noteWait } from './queue.ts'
import type { Turnstile, Waiter } from './queue.ts'
import type { Attempt } from '../core/attempt.ts'
import type { AttemptLayer, Send } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'
import type { Fault, Reply, Result } from '../core/result.ts'
import { Ring } from '../core/ring.ts'
import { isThrottle } from '../policy/judge.ts'
import { Lane } from '../policy/lane.ts'
import type { Limit } from '../policy/limit.ts'
import { tooLongPaused } from '../policy/patience.ts'
import { throttleMs } from '../policy/throttle.ts'

export interface GateParts {
  /** Limits that all lanes share. */
  readonly limits: readonly Limit[]
  readonly clock: Clock
  readonly random: () => number
}

/** Lanes kept before idle ones are looked for; doubles with those that are busy, so that looking stays cheap. */
const SWEEP_FROM = 1_000

export class Gate {
  readonly #limits: readonly Limit[]
  readonly #clock: Clock
  readonly #random: () => number
  readonly #alarms: Alarms
  readonly #queues = new Map<string, Queue>()
  readonly #turnstiles = new Map<Limit, Turnstile>()
  readonly #listeners = new Set<() => void>()
  #sweepAt = SWEEP_FROM

  constructor({ limits, clock, random }: GateParts) {
    this.#limits = limits
    this.#clock = clock
    this.#random = random
    this.#alarms = new Alarms(clock)
  }

  // Chained, not awaited, here and in the other layers: an async function per layer doubles what a request allocates.
  readonly layer: AttemptLayer = next => attempt => {
    const queue = this.#queueOf(attempt.call.origin)
    const waiting = this.#enter(queue, attempt)
    if (waiting === undefined) return this.#pass(next, queue, attempt)
    return waiting.then(refused => refused ?? this.#pass(next, queue, attempt))
  }

  /** Through the gate, and back with what was booked. */
  #pass(next: Send<Attempt, Result>, queue: Queue, attempt: Attempt): Promise<Result> {
    return next(attempt).then(
      result => {
        this.#leave(queue, attempt, result)
        return result
      },
      (error: unknown) => {
        this.#leave(queue, attempt, undefined)
        throw error
      },
    )
  }

  /** Whether a further attempt would only wait in line for what all lanes share. */
  isCrowded(): boolean {
    for (const limit of this.#limits) {
      if (limit.isFull?.() === true || (this.#turnstiles.get(limit)?.lanes.size ?? 0) > 0) return true
    }
    return false
  }

  /** Calls back when the gate is not crowded any more; answers with how to stop that. */
  onRoom(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Hosts that asked us to wait, for people. */
  pausedHosts(): string[] {
    const nowMs = this.#clock.now()
    return [...this.#queues.values()].filter(({ lane }) => lane.pause.untilMs > nowMs).map(({ lane }) => lane.host)
  }

  /** One line per lane: `api.example.com 3 running, 12 queued, paused 1.2s`. */
  describe(): string[] {
    const nowMs = this.#clock.now()
    return [...this.#queues.values()].map(({ lane, waiters }) => lane.describe(nowMs, waiters.size))
  }

  /** Undefined: it may go, and everything is booked. */
  #enter(queue: Queue, attempt: Attempt): Promise<Fault | undefined> | undefined {
    const nowMs = this.#clock.now()
    const isFree = queue.parkedAt === undefined && queue.waiters.size === 0
    if (!isFree || this.#blocker(queue, attempt, nowMs, undefined) !== undefined) {
      return this.#wait(queue, attempt, nowMs)
    }
    this.#start(queue, attempt, nowMs)
    return undefined
  }

  #wait(queue: Queue, attempt: Attempt, nowMs: number): Promise<Fault | undefined> {
    const tooLong = tooLongPaused(queue.lane, attempt.call, nowMs, this.#clock.epochMs())
    if (tooLong !== undefined) return Promise.resolve(tooLong)
    const { trip } = attempt
    // Through a promise: who leaves lets others in, and neither its async context nor its stack is theirs. Hooks run in
    // there, and may come back here while the lane is being served.
    const { promise, resolve } = Promise.withResolvers<Fault | undefined>()
    const waiter: Waiter = {
      attempt,
      enteredAtMs: nowMs,
      limiterMs: queue.limiterMsAt(nowMs),
      gone: false,
      admit: refused => {
        waiter.gone = true
        trip.free()
        resolve(refused)
        // Nobody left to wake: an alarm that stayed would keep the process alive for nothing.
        if (refused !== undefined && queue.parkedAt !== undefined && queue.head() === undefined) {
          this.#schedule(queue.parkedAt, this.#clock.now())
        }
      },
    }
    if (queue.waiters.size === 0) queue.resetBounds()
    queue.bound(attempt)
    // A repeat keeps its place before those who have not been tried yet.
    if (attempt.number > 1) queue.waiters.unshift(waiter)
    else queue.waiters.push(waiter)
    trip.hold('queue', waiter.admit)
    if (queue.parkedAt === undefined) this.#serve(queue, nowMs, undefined)
    return promise
  }

  /** Lets the lane's waiters go until it is blocked, and parks it there. */
  #serve(queue: Queue, nowMs: number, admittedAt: Turnstile | undefined): void {
    let ticket = admittedAt
    for (let head = queue.head(); head !== undefined; head = queue.head()) {
      const blocker = this.#blocker(queue, head.attempt, nowMs, ticket)
      if (blocker !== undefined) {
        queue.park(blocker, nowMs)
        return this.#schedule(blocker, nowMs)
      }
      queue.waiters.shift()
      noteWait(queue, head, nowMs)
      this.#start(queue, head.attempt, nowMs)
      head.admit(undefined)
      // One waiter per ticket: then the lane goes to the end of the line, if there is one.
      ticket = undefined
    }
  }

  /** Where this attempt must wait: the limit that blocks it longest, or one at which others were first. */
  #blocker(queue: Queue, { call }: Attempt, nowMs: number, admittedAt: Turnstile | undefined): Turnstile | undefined {
    const blocked = queue.lane.blockedBy(nowMs, call)
    if (blocked !== undefined) return this.#turnstileOf(blocked.by)
    if (this.#turnstiles.size === 0) return undefined
    for (const limit of this.#limits) {
      const turnstile = this.#turnstiles.get(limit)
      if (turnstile !== undefined && turnstile !== admittedAt && turnstile.lanes.size > 0) return turnstile
    }
    return undefined
  }

  #start(queue: Queue, attempt: Attempt, nowMs: number): void {
    queue.lane.book(nowMs, attempt.call)
    attempt.trip.attempts++
    attempt.startedAtMs = attempt.phaseAtMs = nowMs
  }

  #leave(queue: Queue, attempt: Attempt, result: Result | undefined): void {
    const { lane } = queue
    lane.release(attempt.call)
    const nowMs = this.#clock.now()
    if (result?.kind === 'reply') this.#learn(queue, attempt, result, nowMs)
    for (const limit of this.#limits) {
      const turnstile = limit.release === undefined ? undefined : this.#turnstiles.get(limit)
      if (turnstile !== undefined) this.#turn(turnstile, nowMs)
    }
    if (this.#listeners.size > 0 && !this.isCrowded()) for (const listener of this.#listeners) listener()
    if (lane.running === 0 && queue.parkedAt === undefined && lane.throttles === 0) this.#evict(queue, nowMs)
  }

  /** A lane that has nothing to remember is forgotten. */
  #evict(queue: Queue, nowMs: number): void {
    if (queue.head() === undefined && queue.lane.pause.untilMs <= nowMs) this.#queues.delete(queue.lane.key)
  }

  /** What the answer says about the host: a throttled one pauses the whole lane. */
  #learn(queue: Queue, attempt: Attempt, reply: Reply, nowMs: number): void {
    const { lane } = queue
    if (!isThrottle(reply)) {
      if (reply.status < 500) lane.throttles = 0
      return
    }
    const waitMs = throttleMs(reply, attempt.call, ++lane.throttles, this.#clock.epochMs(), this.#random)
    attempt.pausedUntilMs = nowMs + waitMs
    // One request's patience must not stop the host for others that would wait longer; those with less leave the line.
    lane.pause.extendTo(attempt.pausedUntilMs)
    this.#dismissImpatient(queue, nowMs)
  }

  #dismissImpatient(queue: Queue, nowMs: number): void {
    const { untilMs } = queue.lane.pause
    if (untilMs - nowMs <= queue.leastPatienceMs && untilMs <= queue.earliestDeadlineMs) return
    const dismissed: [Waiter, Fault][] = []
    const epochMs = this.#clock.epochMs()
    queue.resetBounds()
    queue.waiters.filter(waiter => {
      if (waiter.gone) return false
      const tooLong = tooLongPaused(queue.lane, waiter.attempt.call, nowMs, epochMs)
      if (tooLong === undefined) queue.bound(waiter.attempt)
      else dismissed.push([waiter, tooLong])
      return tooLong === undefined
    })
    for (const [waiter, tooLong] of dismissed) waiter.admit(tooLong)
  }

  #queueOf(origin: string): Queue {
    let queue = this.#queues.get(origin)
    if (queue === undefined) {
      if (this.#queues.size >= this.#sweepAt) this.#sweep(this.#clock.now())
      this.#queues.set(origin, (queue = new Queue(new Lane(origin, this.#limits))))
    }
    return queue
  }

  /** Forgets the lanes that had something to remember when they fell idle: a pause that is over, a back-off. */
  #sweep(nowMs: number): void {
    for (const queue of this.#queues.values()) {
      if (queue.lane.running === 0 && queue.parkedAt === undefined) this.#evict(queue, nowMs)
    }
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#queues.size)
  }

  #turnstileOf(limit: Limit): Turnstile {
    let turnstile = this.#turnstiles.get(limit)
    if (turnstile === undefined) {
      turnstile = {
        limit,
        lanes: new Ring(),
        dueAtMs: Infinity,
        heapIndex: -1,
        ring: nowMs => this.#turn(turnstile as Turnstile, nowMs),
      }
      this.#turnstiles.set(limit, turnstile)
    }
    return turnstile
  }

  /** Lets lanes through, in turn, for as long as the limit has something to give. */
  #turn(turnstile: Turnstile, nowMs: number): void {
    for (let queue = turnstile.lanes.peek(); queue !== undefined; queue = turnstile.lanes.peek()) {
      const head = queue.head()
      if (head !== undefined && turnstile.limit.waitMs(nowMs, head.attempt.call) > 0) break
      turnstile.lanes.shift()
      queue.unpark(nowMs)
      this.#serve(queue, nowMs, turnstile)
    }
    this.#schedule(turnstile, nowMs)
  }

  /** The first in line; lanes whose waiters were all cancelled leave it, or nobody behind them would be woken. */
  #firstAt({ lanes }: Turnstile, nowMs: number): Waiter | undefined {
    for (let queue = lanes.peek(); queue !== undefined; queue = lanes.peek()) {
      const head = queue.head()
      if (head !== undefined) return head
      lanes.shift()
      queue.unpark(nowMs)
      if (queue.lane.running === 0 && queue.lane.throttles === 0) this.#evict(queue, nowMs)
    }
    return undefined
  }

  /** Sets the alarm for when the first in line may go; forgets a turnstile at which nobody waits. */
  #schedule(turnstile: Turnstile, nowMs: number): void {
    this.#alarms.remove(turnstile)
    const head = this.#firstAt(turnstile, nowMs)
    if (head === undefined) return void this.#turnstiles.delete(turnstile.limit)
    turnstile.dueAtMs = nowMs + turnstile.limit.waitMs(nowMs, head.attempt.call)
    this.#alarms.add(turnstile)
  }
}
