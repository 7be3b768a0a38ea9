/**
 * Decides when an attempt may go on the wire. It books every limit in the same tick, because tokens that are spent
 * while queueing come out in a bunch. It skips a lane that is blocked, so that one host's limits never block another
 * host. It lets a lane learn from every answer, so that a pause that a host asks for applies to all its requests.
 *
 * Waiting is in `queue.ts` (within a lane) and `wait-lists.ts` (between lanes).
 */
import { Alarms } from './alarms.ts'
import { Contention } from './contention.ts'
import { dismiss } from './dismiss.ts'
import { Demands } from './demands.ts'
import type { Demand } from '../core/demand.ts'
import { Lanes } from './lanes.ts'
import { Occupancy } from './occupancy.ts'
import { Preemption } from './preemption.ts'
import { Queue, noteWait } from './queue.ts'
import type { Waiter } from './queue.ts'
import { WaitLists } from './wait-lists.ts'
import type { Attempt } from '../core/attempt.ts'
import type { Call, Costs } from '../core/call.ts'
import type { AttemptLayer, Soon } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'
import type { Fault, Result } from '../core/result.ts'
import type { Standing } from '../core/standing.ts'
import type { Lane, Surroundings } from '../policy/lane.ts'
import type { Limit } from '../policy/limit.ts'
import { laneRefusal } from '../policy/refusal.ts'
import type { Shares } from '../policy/standing.ts'

export interface GateParts {
  /** The limits that all lanes share. The first one limits the slots. */
  readonly limits: readonly Limit[]
  readonly slots: number
  readonly clock: Clock
  readonly random: () => number
  /** Makes the lane for the host of this call. */
  readonly laneOf: (call: Call, shared: readonly Limit[], shares: Shares) => Lane
}

/** @param call whose response asked for the pause. Times are monotonic milliseconds. */
export type OnPause = (host: string, fromMs: number, untilMs: number, call: Call) => void

export class Gate {
  readonly slots: number
  readonly occupancy: Occupancy
  readonly #limits: readonly Limit[]
  readonly #clock: Clock
  readonly #around: Surroundings
  readonly #contention: Contention
  readonly #shares: Shares
  readonly #lanes: Lanes
  readonly #waitLists: WaitLists
  readonly #demands = new Demands(() => this.#contention.settle(this.#clock))
  readonly #preemption: Preemption
  #onPause: readonly OnPause[] = []
  #tickets = 0

  constructor({ limits, slots, clock, random, laneOf }: GateParts) {
    const alarms = new Alarms(clock)
    this.slots = slots
    this.occupancy = new Occupancy(slots)
    this.#limits = limits
    this.#clock = clock
    this.#around = { clock, random }
    this.#waitLists = new WaitLists(
      alarms,
      (queue, nowMs) => this.#serve(queue, nowMs),
      (waitList, nowMs) => this.#demands.after(() => this.#waitLists.turn(waitList, nowMs)),
    )
    this.#contention = new Contention(limits[0], slots, this.#waitLists, this.#demands)
    this.#shares = this.#contention.shares
    this.#lanes = new Lanes(call => laneOf(call, limits, this.#shares))
    this.#preemption = new Preemption(
      this.#shares,
      key => this.#contention.isWantedByOthers(key, this.#lanes.get(key)),
      alarms,
    )
  }

  readonly layer: AttemptLayer = {
    before: attempt => this.#enter(this.#lanes.of(attempt.call, this.#clock), attempt),
    after: (attempt, result) => {
      // A lane with requests in flight is never dropped.
      this.#leave(this.#lanes.of(attempt.call, this.#clock), attempt, result)
      return result
    },
  }

  /** Whether a further attempt would only queue for what all lanes share. */
  isCrowded(): boolean {
    // A loop without a callback, because this runs after every answer.
    for (const limit of this.#limits) if (limit.isFull?.() === true || this.isWaitedFor(limit)) return true
    return false
  }

  /**
   * Whether a source may send a further request of this lane.
   *
   * `wait`: the lane already has its maximum number of requests queued (`full`). `at-share`: the lane holds its share
   * of the slots among `rivals` lanes (itself included), so others go first. `yield`: it goes after those as well,
   * because its host is not proven and such hosts hold enough slots.
   */
  mayPull(key: string, rivals: number, full: boolean): 'go' | 'wait' | 'at-share' | 'yield' {
    const queue = this.#lanes.get(key)
    const lane = queue?.lane
    if (full && queue !== undefined && queue.waiting > 0) return 'wait'
    const standing = lane?.standing ?? 'new'
    if (standing !== 'proven' && !this.#shares[standing].isOpen(this.#clock.now())) return 'yield'
    if (lane === undefined || lane.running < Math.ceil(this.slots / rivals)) return 'go'
    return standing === 'proven' ? 'at-share' : 'yield'
  }

  /** The limit of the slots, if all of them are in use. */
  get fullSlots(): Limit | undefined {
    const [first] = this.#limits
    return first?.isFull?.() === true ? first : undefined
  }

  /** What the slots are called in advice. */
  get slotsName(): string {
    return this.#limits[0]?.label ?? `concurrency ${this.slots}`
  }

  /** What keeps attempts from the wire now: the limits at which they wait, and how many wait at each. */
  *waiting(): Generator<{ readonly limit: Limit; readonly attempts: number; readonly host: string }> {
    for (const { limit, attempts, first } of this.#waitLists.waiting())
      if (attempts > 0) yield { limit, attempts, host: hostOf(first.head()?.attempt.call) }
  }

  /** The limit at which the requests of this lane wait; undefined if none does. */
  waitingIn(key: string): { readonly limit: Limit; readonly host: string } | undefined {
    const queue = this.#lanes.get(key)
    const limit = queue?.blockedAt?.limit
    return limit && { limit, host: hostOf(queue?.head()?.attempt.call) }
  }

  /** Calls the listener whenever a host asks for a pause. Returns a function that stops this. */
  watchPauses(listener: OnPause): () => void {
    this.#onPause = [...this.#onPause, listener]
    return () => {
      this.#onPause = this.#onPause.filter(other => other !== listener)
    }
  }

  /** Whether a lane waits at this limit. */
  isWaitedFor(limit: Limit): boolean {
    return (this.#waitLists.at(limit)?.lanes.size ?? 0) > 0
  }

  /** The limit may have capacity that was not released by this gate. */
  turn(limit: Limit): void {
    this.#demands.after(() => this.#waitLists.turnAt(limit, this.#clock.now()))
  }

  /** A request of this lane waits outside of the gate and holds nothing, so others may be sent meanwhile. */
  yields({ lane }: Pick<Call, 'lane'>): void {
    const queue = this.#lanes.get(lane)
    if (queue !== undefined) this.#demands.after(() => this.#demands.note(queue))
  }

  /** No request of this lane goes before this time. */
  pausedUntilMs(key: string): number {
    return this.#lanes.get(key)?.lane.pausedUntilMs ?? -Infinity
  }

  /** The standing of this lane's host. */
  standingOf(key: string): Standing {
    return this.#lanes.get(key)?.lane.standing ?? 'new'
  }

  /** Tells the demand whenever there may be room. Returns a function that stops this. */
  attach(demand: Demand): () => void {
    return this.#demands.attach(demand)
  }

  /** Corrects what was booked for a call's last attempt, now that its cost is known. */
  correct(call: Call, costs: Costs): void {
    const nowMs = this.#clock.now()
    this.#demands.after(() => {
      for (const limit of this.#limits) {
        limit.correct?.(call, costs)
        this.#waitLists.turnAt(limit, nowMs)
      }
    })
  }

  /** Paused hosts, for messages. */
  pausedHosts(): string[] {
    const nowMs = this.#clock.now()
    return [...this.#lanes].filter(({ lane }) => lane.pausedUntilMs > nowMs).map(({ lane }) => lane.host)
  }

  /** Every known lane, with the number of requests queued in it, and held back for it. */
  *lanes(): Generator<{ readonly lane: Lane; readonly waiting: number; readonly queued: number }> {
    for (const { lane, waiting } of this.#lanes)
      yield { lane, waiting, queued: waiting + this.#demands.backlogOf(lane.key) }
  }

  /** Number of requests that sources hold back, for known lanes and others. */
  backlog(): number {
    return this.#demands.backlogOf(undefined)
  }

  /** Undefined: the attempt may go, and everything is booked. */
  #enter(queue: Queue, attempt: Attempt): Soon<Fault | undefined> {
    const nowMs = this.#clock.now()
    const refused = this.#refusal(queue.lane, attempt, nowMs)
    if (refused !== undefined) return refused
    if (queue.waiting === 0) queue.ticket = ++this.#tickets
    if (queue.waiting > 0 || this.#blocker(queue, attempt, nowMs) !== undefined) {
      return this.#wait(queue, attempt, nowMs)
    }
    this.#start(queue, attempt, nowMs)
    return undefined
  }

  /** Only an open circuit or a pause refuses an attempt; most lanes have neither. */
  #refusal(lane: Lane, { call }: Attempt, nowMs: number): Fault | undefined {
    if (lane.breaker === undefined && lane.firmUntilMs(call) <= nowMs) return undefined
    return laneRefusal(lane, call, nowMs, this.#clock.epochMs())
  }

  #wait(queue: Queue, attempt: Attempt, nowMs: number): Promise<Fault | undefined> {
    // Through a promise: the attempt that leaves serves others, which must not run in its async context or on its
    // stack. Hooks run there, and may enter the gate again while the lane is being served.
    const { promise, resolve } = Promise.withResolvers<Fault | undefined>()
    const waiter: Waiter = {
      attempt,
      enteredAtMs: nowMs,
      limiterMs: queue.limiterMsAt(nowMs),
      gone: false,
      admit: refused => {
        queue.leave(waiter)
        attempt.trip.cancelSlot.free()
        resolve(refused)
        if (refused !== undefined) this.#left(queue)
      },
    }
    queue.add(waiter)
    attempt.trip.cancelSlot.hold('queue', waiter.admit)
    if (queue.blockedAt === undefined) this.#queueUp(queue, nowMs)
    else if (queue.head() === waiter) this.#waitLists.changed(queue, nowMs)
    else if (queue.mayOvertake(attempt, nowMs)) this.turn(queue.blockedAt.limit)
    return promise
  }

  /**
   * The first waiter of its lane. A method of its own, because everything that a closure captures is kept for every
   * waiter.
   */
  #queueUp(queue: Queue, nowMs: number): void {
    this.#demands.after(() => this.#serve(queue, nowMs))
  }

  /** A waiter left. Reschedule for the new head of the lane, or cancel the alarm if the lane is empty. */
  #left(queue: Queue): void {
    const nowMs = this.#clock.now()
    this.#demands.after(() => {
      if (queue.waiting > 0) return this.#waitLists.changed(queue, nowMs)
      this.#waitLists.unpark(queue, nowMs)
      this.#demands.note(queue)
    })
  }

  /** Admits the lane's waiters until a limit blocks it, and parks it at that limit. */
  #serve(queue: Queue, nowMs: number): void {
    let admitted = false
    for (let head = queue.next(nowMs); head !== undefined; head = queue.next(nowMs)) {
      const { attempt } = head
      // Checked again when its turn comes, so that a queue that formed before the host failed does not drain into it.
      const refused = this.#refusal(queue.lane, attempt, nowMs)
      if (refused !== undefined) {
        head.admit(refused)
        continue
      }
      const blocker = this.#blocker(queue, attempt, nowMs)
      if (blocker !== undefined) {
        // The lane yields to requests that their sources may not have sent yet.
        if (this.#contention.yieldsAt(blocker) || admitted) this.#demands.note(queue)
        return this.#waitLists.block(queue, blocker, nowMs)
      }
      admitted = true
      noteWait(queue, head, nowMs)
      this.#start(queue, attempt, nowMs)
      head.admit(undefined)
      // One waiter per ticket; then the lane goes to the end of the wait list.
      queue.ticket = ++this.#tickets
    }
    this.#demands.note(queue)
  }

  /** Where this attempt must wait: at the limit that blocks it longest, or at one where other lanes were first. */
  #blocker(queue: Queue, { call }: Attempt, nowMs: number): Limit | undefined {
    const blocked = queue.lane.blockedBy(nowMs, call)
    if (blocked !== undefined) return blocked.by
    if (this.#waitLists.size === 0) return undefined
    for (const limit of queue.lane.shared) {
      const first = this.#waitLists.at(limit)?.lanes.peek()
      if (first === undefined || first.ticket >= queue.ticket) continue
      if (limit.concerns?.(call) !== false) return limit
    }
    return undefined
  }

  #start(queue: Queue, attempt: Attempt, nowMs: number): void {
    queue.lane.book(nowMs, attempt.call)
    this.occupancy.enter(attempt, queue.lane)
    attempt.trip.retry.attempts++
    attempt.admittedAtMs = attempt.startedAtMs = attempt.phaseAtMs = nowMs
    if (queue.lane.standing === 'proven') return
    if (queue.lane.standing === 'new') this.#shares.new.enter(attempt, queue.lane)
    this.#preemption.watch(attempt, queue.lane, nowMs)
  }

  #leave(queue: Queue, attempt: Attempt, result: Result): void {
    const { lane } = queue
    const nowMs = this.#clock.now()
    this.#demands.begin()
    lane.release(attempt.call, nowMs)
    this.occupancy.leave(attempt, result)
    const { standing } = lane
    const wasNew = this.#shares.new.leave(attempt)
    this.#preemption.leave(attempt)
    const closed = lane.learn(attempt, result, nowMs, this.#around)
    if (wasNew) this.#met(lane, attempt, nowMs)
    if (attempt.pausedUntilMs !== undefined) this.#paused(attempt.call, attempt.pausedUntilMs, nowMs)
    if (closed && queue.waiting > 0) dismiss(queue, nowMs, this.#clock.epochMs())
    // Its waiters were blocked because of the host's old standing. Other limits apply now, and other lanes yield to
    // them.
    if (lane.standing !== standing) this.#waitLists.again(queue, nowMs)
    if (this.#waitLists.size > 0) this.#turnAfter(queue, nowMs)
    // Even if others of its lane wait: they may wait for their host, and the slot is free for another lane.
    this.#demands.note(queue)
    this.#demands.end()
  }

  #paused(call: Call, untilMs: number, nowMs: number): void {
    for (const listener of this.#onPause) listener(hostOf(call), nowMs, untilMs, call)
  }

  /** A host that had never answered has now answered or failed. */
  #met({ standing }: Lane, { admittedAtMs }: Attempt, nowMs: number): void {
    if (standing !== 'new') this.#shares.new.learn(standing === 'proven', nowMs - admittedAtMs)
    this.#preemption.hasten(nowMs)
  }

  /** Serves what the end of an attempt may have freed: a slot, a share of the slots, or a limit of its own lane. */
  #turnAfter(queue: Queue, nowMs: number): void {
    for (const limit of this.#limits) if (limit.release !== undefined) this.#waitLists.turnAt(limit, nowMs)
    this.#contention.turnShares(nowMs)
    const own = queue.blockedAt
    if (own !== undefined && !this.#limits.includes(own.limit)) this.#waitLists.turn(own, nowMs)
  }
}

/** The host itself: the key of a lane may be an account or a token (`limitKey`), which belongs into no file. */
const hostOf = (call: Call | undefined): string => call?.origin.replace(/^https?:\/\//, '') ?? ''
