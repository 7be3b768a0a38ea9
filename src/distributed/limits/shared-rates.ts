/**
 * The shared rates of one client: which lane asks for slots next, and what happens while Redis is away.
 *
 * Each lane has its own slots, because lanes that wait at one common limit would wait for the slowest host among them.
 * One lane at a time asks while the rate of all hosts is used up: the others would only be refused, too.
 */
import { createHash } from 'node:crypto'
import { LaneLimit, MOST_SLOTS } from './lane-limit.ts'
import type { LaneRates } from './lane-limit.ts'
import { HORIZON_MS, localLeases } from './leases.ts'
import type { Lease, LeaseSource, Looked, SharedRate } from './leases.ts'
import { NONE_SET, effective, ratesOf } from './named-limits.ts'
import type { SetLimits } from './named-limits.ts'
import type { RedisLeases } from './redis-leases.ts'
import type { Timer } from '../../core/ports.ts'
import { formatRate } from '../../core/rate.ts'
import type { Rate } from '../../core/rate.ts'
import type { OpenSharedLimits, RatesByHost, SharedLane, SharedLimit, SharedParts } from '../../core/shared-limits.ts'

/** A lease is so long: of the rate, divided by the processes. */
const LEASE_MS = 100
/** A lane asks for more when its last slot is nearer than this and a round trip. */
const LEAD_MS = 100
/** Calls to Redis at once: at first, and when none of them was refused for long. */
const FIRST_CALLS = 16
const MOST_CALLS = 256
/** A lane whose host has no slot asks again at the latest after this time, in case Redis was emptied. */
const MOST_BLOCKED_MS = 30_000
/** How often a process that waits for slots says that it lives. */
const BEAT_MS = 1_000
const PROBE_MS = 250
/** While requests without a rate start, pauses and new limits are looked for so often, until none has started for WATCHED_MS. */
const WATCH_MS = 100
const WATCHED_MS = 1_000
/** How long a process works with its own share while Redis is away. */
export const LOCAL_SHARE_MS = 60_000
/** Lanes that ask within this time count as lanes that share the rate of all hosts. */
const PERIOD_MS = HORIZON_MS
/** A server cannot stop all processes for longer than this; after it, one request of each tries. */
const MOST_COOLDOWN_MS = 300_000

type Reach =
  | { readonly kind: 'here' }
  /** @param local what grants slots meanwhile, if anything may */
  | { readonly kind: 'away'; readonly sinceMs: number; readonly local: LeaseSource | undefined }

export interface SharedRatesParts extends SharedParts {
  readonly source: Pick<
    RedisLeases,
    'connect' | 'lease' | 'look' | 'coolDown' | 'restore' | 'trouble' | 'roundTripMs' | 'hold' | 'close'
  >
  /** The beginning of all keys. */
  readonly prefix: string
  readonly localShare: boolean
  /** Limits of the name that are known from elsewhere, if Redis has lost them. */
  readonly known?: SetLimits | undefined
  readonly warn: (message: string) => void
}

export class SharedRates implements OpenSharedLimits {
  readonly #parts: SharedRatesParts
  #set: SetLimits
  #rates: RatesByHost
  #ofAll: readonly SharedRate[]
  /** By lane, until when a server has paused it. */
  readonly #pauses = new Map<string, number>()
  readonly #queue = new Set<LaneLimit>()
  readonly #blocked = new Map<LaneLimit, Timer>()
  #ready: Promise<void> | undefined
  #reach: Reach = { kind: 'here' }
  #processes = 1
  #calls = 0
  #mostCalls = FIRST_CALLS
  /** The rate of all hosts has no slot before a lease at this time. */
  #ofAllFreeAtMs = -Infinity
  #turn: Timer | undefined
  #beat: Timer | undefined
  #probe: Timer | undefined
  #watch: Timer | undefined
  #isWatching = false
  #startedAtMs = -Infinity
  #isLooking = false
  #lanes = { period: -1, now: 0, before: 1 }
  #isClosed = false

  constructor(parts: SharedRatesParts) {
    this.#parts = parts
    this.#set = parts.known ?? NONE_SET
    this.#rates = effective(parts.rates, this.#set.limits)
    this.#ofAll = this.#ratesOfAll()
  }

  ready(): Promise<void> {
    this.#ready ??= this.#parts.source.connect(this.#set.revision).then(
      looked => {
        this.#looked(looked)
        this.#parts.source.hold(false)
      },
      (error: unknown) => {
        this.#ready = undefined
        throw error
      },
    )
    return this.#ready
  }

  limitOf(lane: SharedLane): SharedLimit {
    const name = nameOf(lane)
    let known: LaneRates | undefined
    const rates = (): LaneRates => {
      if (known?.revision !== this.#set.revision) known = this.#laneRates(lane, name)
      return known
    }
    return new LaneLimit({
      rates,
      label: () => {
        const named = [...this.#rates.all, ...ratesOf(this.#rates, lane)].map(rate => formatRate(rate)).join(', ')
        const what = named === '' ? 'shared pause' : `shared rate ${named}`
        return `${what}${this.#reach.kind === 'away' ? ' (Redis cannot be used)' : ''}`
      },
      startsOf: this.#parts.startsOf,
      pausedUntilMs: () => this.#pauses.get(name) ?? -Infinity,
      started: nowMs => this.#started(nowMs),
      wants: (limit, nowMs) => this.#wants(limit, nowMs),
    })
  }

  pause(lane: SharedLane, untilMs: number): void {
    const ms = Math.min(untilMs - this.#parts.clock.now(), MOST_COOLDOWN_MS)
    if (!(ms > 0) || this.#isClosed) return
    const name = nameOf(lane)
    this.#parts.source.coolDown(`${this.#hostKey(name)}:0`, ms, name).catch((error: unknown) => this.#lost(error))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#queue.clear()
    for (const timer of [this.#turn, this.#beat, this.#probe, this.#watch, ...this.#blocked.values()]) timer?.cancel()
    await this.#parts.source.close()
  }

  #hostKey(name: string): string {
    return `${this.#parts.prefix}:host:${name}`
  }

  #ratesOfAll(): SharedRate[] {
    return this.#rates.all.map((rate, nth) => sharedRate(`${this.#parts.prefix}:all:${nth}`, rate))
  }

  #laneRates(lane: SharedLane, name: string): LaneRates {
    const key = this.#hostKey(name)
    const own = ratesOf(this.#rates, lane).map((rate, nth) => sharedRate(`${key}:${nth}`, rate))
    return {
      // A host without a rate of its own may still be paused by its server.
      rates: [...this.#ofAll, ...(own.length > 0 ? own : [{ key: `${key}:0`, spacing: 0, burst: 1 }])],
      ofAll: this.#ofAll.length,
      isFree: this.#ofAll.length === 0 && own.length === 0,
      revision: this.#set.revision,
    }
  }

  #looked({ processes, revision, limits, pauses }: Looked): void {
    if (this.#isClosed) return
    const nowMs = this.#parts.clock.now()
    this.#processes = processes
    for (const [lane, untilMs] of this.#pauses) if (untilMs <= nowMs) this.#pauses.delete(lane)
    for (const { lane, untilMs } of pauses) if (untilMs > nowMs) this.#pauses.set(lane, untilMs)
    if (revision > this.#set.revision) this.#follow({ revision, limits: limits ?? this.#set.limits })
    else if (revision < this.#set.revision)
      this.#parts.source.restore(this.#set).catch((error: unknown) => this.#lost(error))
  }

  /** The limits of the name were changed. Slots that are leased already stay, at most 200 ms of them. */
  #follow(set: SetLimits): void {
    this.#set = set
    this.#rates = effective(this.#parts.rates, set.limits)
    this.#ofAll = this.#ratesOfAll()
    this.#ofAllFreeAtMs = -Infinity
    this.#turn?.cancel()
    this.#turn = undefined
    for (const [lane, timer] of this.#blocked) {
      timer.cancel()
      this.#enqueue(lane)
    }
    this.#blocked.clear()
    this.#pump()
  }

  #look(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    this.#parts.source
      .look(this.#set.revision)
      .then(
        looked => this.#looked(looked),
        (error: unknown) => this.#lost(error),
      )
      .finally(() => {
        this.#isLooking = false
        this.#pump()
      })
  }

  /** Requests without a rate ask for no slots, so pauses and limits of others are looked for. */
  #started(nowMs: number): void {
    this.#startedAtMs = nowMs
    if (this.#isWatching || this.#isClosed || this.#reach.kind === 'away') return
    this.#isWatching = true
    this.#watchOn()
  }

  #watchOn(): void {
    this.#parts.source.look(this.#set.revision).then(
      looked => {
        if (this.#isClosed) return
        this.#looked(looked)
        this.#watch = this.#parts.clock.after(WATCH_MS, () => {
          if (this.#parts.clock.now() - this.#startedAtMs < WATCHED_MS) this.#watchOn()
          else this.#isWatching = false
        })
      },
      (error: unknown) => {
        this.#isWatching = false
        this.#lost(error)
      },
    )
  }

  #wants(lane: LaneLimit, nowMs: number): void {
    if (lane.state.kind !== 'content' || this.#isClosed) return
    const leadMs = Math.min(LEAD_MS + this.#parts.source.roundTripMs, HORIZON_MS - 20)
    if (lane.slots.aheadMs(nowMs) >= leadMs) return
    this.#enqueue(lane)
    this.#pump()
  }

  #enqueue(lane: LaneLimit): void {
    lane.state = { kind: 'queued' }
    this.#queue.add(lane)
    if (this.#beat !== undefined) return
    this.#parts.source.hold(true)
    this.#beat = this.#parts.clock.after(BEAT_MS, () => this.#live())
  }

  /** Lets lanes ask, as many as may. */
  #pump(): void {
    const source = this.#source()
    const nowMs = this.#parts.clock.now()
    if (source === undefined || this.#isLooking || this.#isClosed) return
    while (this.#queue.size > 0 && this.#calls < this.#mostCalls) {
      if (nowMs < this.#ofAllFreeAtMs) {
        this.#turn ??= this.#parts.clock.after(this.#ofAllFreeAtMs - nowMs, () => {
          this.#turn = undefined
          this.#pump()
        })
        return
      }
      const [lane] = this.#queue as Iterable<LaneLimit> as [LaneLimit]
      this.#queue.delete(lane)
      if (this.#parts.isWaitedFor(lane)) this.#ask(lane, source, nowMs)
      else lane.state = { kind: 'content' }
    }
  }

  /** What grants slots now. */
  #source(): LeaseSource | undefined {
    const reach = this.#reach
    if (reach.kind === 'here') return this.#parts.source
    return this.#parts.clock.now() - reach.sinceMs < LOCAL_SHARE_MS ? reach.local : undefined
  }

  #ask(lane: LaneLimit, source: LeaseSource, nowMs: number): void {
    lane.state = { kind: 'asking' }
    this.#calls++
    this.#count(lane, nowMs)
    const asked = lane.rates
    source.lease(asked.rates, lane.nextLease(nowMs, this.#mostSlots(asked)), asked.revision).then(
      lease => {
        this.#calls--
        if (this.#isClosed) return
        if (lease.kind === 'lease') {
          this.#processes = lease.processes
          // Redis has lost the limits.
          if (lease.revision < this.#set.revision) this.#look()
          return this.#answered(lane, lease, asked)
        }
        this.#enqueue(lane)
        this.#look()
      },
      (error: unknown) => {
        this.#calls--
        if (this.#isClosed) return
        this.#enqueue(lane)
        this.#lost(error)
      },
    )
  }

  #answered(lane: LaneLimit, { slots, startMs, spacingMs, blockedBy }: Lease, asked: LaneRates): void {
    const nowMs = this.#parts.clock.now()
    if (slots > 0) {
      this.#mostCalls = Math.min(this.#mostCalls * 2, MOST_CALLS)
      lane.state = { kind: 'content' }
      lane.slots.add(startMs, spacingMs, slots, nowMs)
      this.#parts.turn(lane)
    } else if (asked.revision !== this.#set.revision) {
      this.#enqueue(lane)
    } else if (blockedBy <= asked.ofAll) {
      this.#mostCalls = 1
      this.#ofAllFreeAtMs = Math.min(startMs - HORIZON_MS + 1, nowMs + MOST_BLOCKED_MS)
      this.#enqueue(lane)
    } else {
      this.#block(lane, startMs, nowMs)
    }
    this.#pump()
  }

  #block(lane: LaneLimit, untilMs: number, nowMs: number): void {
    lane.state = { kind: 'blocked', untilMs }
    const waitMs = Math.max(1, Math.min(untilMs - HORIZON_MS + 1 - nowMs, MOST_BLOCKED_MS))
    const timer = this.#parts.clock.after(waitMs, () => {
      this.#blocked.delete(lane)
      this.#enqueue(lane)
      this.#pump()
    })
    this.#blocked.set(lane, timer)
  }

  /** A part of the rate that leaves slots for the other processes, and for the other lanes of this one. */
  #mostSlots({ rates, ofAll }: LaneRates): number {
    const lanes = Math.max(1, this.#lanes.now, this.#lanes.before)
    let most = MOST_SLOTS
    for (const [nth, { spacing }] of rates.entries()) {
      if (spacing === 0) continue
      const sharers = this.#processes * (nth < ofAll ? lanes : 1)
      most = Math.min(most, (LEASE_MS * 1_000) / spacing / sharers)
    }
    return most
  }

  #count(lane: LaneLimit, nowMs: number): void {
    const period = Math.floor(nowMs / PERIOD_MS)
    const last = this.#lanes
    if (period !== last.period) this.#lanes = { period, now: 0, before: period === last.period + 1 ? last.now : 1 }
    if (lane.period === period) return
    lane.period = period
    this.#lanes.now++
  }

  /** Tells the others that this process lives, while a lane waits. */
  #live(): void {
    this.#beat = undefined
    if (this.#queue.size + this.#blocked.size + this.#calls === 0) return this.#parts.source.hold(false)
    this.#beat = this.#parts.clock.after(BEAT_MS, () => this.#live())
    if (this.#reach.kind === 'away') return
    this.#parts.source.look(this.#set.revision).then(
      looked => this.#looked(looked),
      (error: unknown) => this.#lost(error),
    )
  }

  #lost(error: unknown): void {
    if (this.#isClosed || this.#reach.kind === 'away') return
    const { clock, localShare, source, warn } = this.#parts
    const local = localShare ? localLeases(clock, this.#processes) : undefined
    this.#reach = { kind: 'away', sinceMs: clock.now(), local }
    const hasRates = [
      this.#rates,
      ...Object.values(this.#rates.hosts).map(({ rates = [] }) => ({ all: rates, perHost: [] })),
    ].some(({ all, perHost }) => all.length + perHost.length > 0)
    const meanwhile = !hasRates
      ? 'Until it can be used again, pauses of other processes are not known.'
      : localShare
        ? `Meanwhile this process sends at 1/${this.#processes} of the rates, for at most ${LOCAL_SHARE_MS / 1_000} s.`
        : 'Requests wait until it can be used again.'
    warn(`${source.trouble(error)} ${meanwhile}`)
    this.#ofAllFreeAtMs = -Infinity
    this.#probeLater()
    this.#pump()
  }

  #probeLater(): void {
    this.#probe = this.#parts.clock.after(PROBE_MS, () => {
      this.#parts.source.look(this.#set.revision).then(
        looked => {
          if (this.#isClosed) return
          this.#looked(looked)
          this.#reach = { kind: 'here' }
          this.#ofAllFreeAtMs = -Infinity
          this.#mostCalls = FIRST_CALLS
          this.#pump()
        },
        () => {
          if (this.#isClosed) return
          this.#probeLater()
          this.#pump()
        },
      )
    })
  }
}

/** The answer of a function may be an account or a token. */
const nameOf = ({ key, origin }: SharedLane): string =>
  key === origin ? key : createHash('sha256').update(key).digest('base64url')

function sharedRate(key: string, { limit, intervalMs, burst }: Rate): SharedRate {
  return { key, spacing: (intervalMs * 1_000) / limit, burst }
}
