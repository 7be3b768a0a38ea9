/**
 * A Lane holds the limits of one host (or of one `limitKey`) beside the shared ones, and what the host's answers have
 * taught us about it.
 *
 * It says whether the next request may go, and otherwise names the limit that blocks it. The gate then parks the lane
 * at that limit instead of asking every lane again.
 */
import type { Adaptive } from './adaptive.ts'
import type { Breaker } from './breaker.ts'
import { healthOf } from './health.ts'
import type { Health } from './health.ts'
import type { Limit } from './limit.ts'
import { pause } from './pause.ts'
import type { Quotas } from './quotas.ts'
import { announcedWaitMs } from './retry-after.ts'
import type { Slots } from './slots.ts'
import { SocketBudget } from './socket-budget.ts'
import { standingAfter } from './standing.ts'
import type { Shares } from './standing.ts'
import { throttleMs } from './throttle.ts'
import type { Attempt } from '../core/attempt.ts'
import type { Call } from '../core/call.ts'
import type { Clock } from '../core/ports.ts'
import { PREEMPTED } from '../core/result.ts'
import type { Result } from '../core/result.ts'
import type { Standing } from '../core/standing.ts'

export interface Blocked {
  readonly waitMs: number
  readonly by: Limit
}

export interface LaneParts {
  readonly key: string
  /** The lane's own slots: a fixed number, or an adaptive one. */
  readonly slots?: Slots | Adaptive | undefined
  readonly rates?: readonly Limit[]
  readonly quota?: Quotas | undefined
  readonly breaker?: Breaker | undefined
  /** Limits that all lanes share. */
  readonly shared: readonly Limit[]
  /** Apply until the host is proven. */
  readonly shares?: Shares | undefined
}

/** What a lane needs to learn from an answer. */
export interface Surroundings {
  readonly clock: Clock
  readonly random: () => number
}

export class Lane {
  readonly key: string
  readonly pause = pause()
  readonly slots: Slots | Adaptive | undefined
  readonly quota: Quotas | undefined
  readonly breaker: Breaker | undefined
  running = 0
  /** Attempts sent, and how many of them were throttled. */
  attempts = 0
  throttled = 0
  standing: Standing = 'new'
  /** The limits that this lane shares with other lanes: the share of its standing, and those of all lanes. */
  shared: readonly Limit[] = []
  #own: readonly Limit[]
  /**
   * Set once ports towards this host run out. Port exhaustion affects one destination, so other lanes are not limited.
   */
  #ports: SocketBudget | undefined
  readonly #shared: readonly Limit[]
  readonly #shares: Shares | undefined
  #limits: readonly Limit[] = []
  #silences = 0
  /** Rounds of throttled answers since the last good one. Drives the back-off of the whole host. */
  #throttles = 0
  #throttledAtMs = -Infinity

  constructor({ key, slots, rates = [], quota, breaker, shared, shares }: LaneParts) {
    this.key = key
    this.slots = slots
    this.quota = quota
    this.breaker = breaker
    this.#own = [this.pause, slots, ...rates, quota].filter(limit => limit !== undefined)
    this.#shared = shared
    this.#shares = shares
    this.#relimit()
  }

  /** The key for humans: without the scheme. */
  get host(): string {
    return this.key.replace(/^https?:\/\//, '')
  }

  /** No request of this lane goes before this time. */
  get pausedUntilMs(): number {
    return Math.max(this.pause.untilMs, this.quota?.pausedUntilMs ?? -Infinity)
  }

  /**
   * The server itself refuses requests like this one until then. A request that cannot wait that long fails at once.
   */
  firmUntilMs(call: Call): number {
    return Math.max(this.pause.firmUntilMs, this.quota?.firmUntilMs(call) ?? -Infinity)
  }

  /** The limit that blocks this call longest, or undefined when it may go now. */
  blockedBy(nowMs: number, call: Call): Blocked | undefined {
    let blocked: Blocked | undefined
    for (const limit of this.#limits) {
      const waitMs = limit.waitMs(nowMs, call)
      if (waitMs > 0 && (blocked === undefined || waitMs > blocked.waitMs)) blocked = { waitMs, by: limit }
    }
    return blocked
  }

  /** Takes from every limit in the same tick. */
  book(nowMs: number, call: Call): void {
    this.running++
    this.attempts++
    this.breaker?.book(nowMs)
    for (const limit of this.#limits) limit.book(nowMs, call)
  }

  release(call: Call, nowMs: number): void {
    this.running--
    for (const limit of this.#limits) limit.release?.(call, nowMs)
  }

  /**
   * Learns what the end of an attempt says about the host. Returns whether requests of this lane are now refused or
   * paused.
   */
  learn(attempt: Attempt, result: Result | undefined, nowMs: number, around: Surroundings): boolean {
    // A preempted attempt counts as a silence. It must neither open the circuit nor cost slots.
    const isPreempted = result?.kind === 'fault' && result.code === PREEMPTED
    const health = isPreempted ? 'unknown' : healthOf(result, attempt.headed)
    const { admittedAtMs } = attempt
    const firmBeforeMs = this.firmUntilMs(attempt.call)
    this.pause.learn(admittedAtMs, health === 'good')
    if (this.slots !== undefined && 'learn' in this.slots) {
      this.slots.learn({ startedAtMs: admittedAtMs, nowMs, verdict: adaptiveVerdict(health, result) })
    }
    const opened = this.breaker?.record(breakerVerdict(health), admittedAtMs, nowMs) ?? false
    if (result?.kind === 'fault' && result.code === 'resource/port') this.#shrink(attempt, nowMs)
    if (result !== undefined) this.#learnLimits(attempt, result, health, nowMs, around)
    this.#stand(isPreempted ? 'down' : health)
    return opened || this.firmUntilMs(attempt.call) > firmBeforeMs
  }

  /** Learns what the server says about its limits. A throttled answer or an exhausted quota pauses the whole lane. */
  #learnLimits(attempt: Attempt, result: Result, health: Health, nowMs: number, { clock, random }: Surroundings): void {
    const epochMs = clock.epochMs()
    const throttled = health === 'throttled'
    const announcedMs = this.#announcedMs(result, throttled, epochMs)
    const asked = this.quota?.learn({ attempt, result, throttled, announcedMs, nowMs, epochMs })
    if (health === 'good') this.#throttles = 0
    if (health !== 'throttled') return
    this.throttled++
    // Attempts that were in flight together and are throttled together count as one round.
    if (attempt.admittedAtMs >= this.#throttledAtMs) {
      this.#throttles++
      this.#throttledAtMs = nowMs
    }
    const renewedInMs = asked === undefined ? undefined : asked.untilMs - nowMs
    const throttle = { result, call: attempt.call, throttles: this.#throttles, renewedInMs, epochMs, random }
    attempt.pausedUntilMs = nowMs + throttleMs(throttle)
    // Retry-After wins over what this and other responses say about quotas.
    if (announcedMs !== undefined) {
      this.pause.defer(attempt.pausedUntilMs)
      this.quota?.defer(attempt.pausedUntilMs)
    }
    // The quota covers only some of the host's requests, so the others go on.
    if (announcedMs === undefined && asked?.isPartial === true) return
    // The pause is what the server asked for, not what this request tolerates: requests that would wait less leave the
    // queue.
    this.pause.extendTo(attempt.pausedUntilMs, asked === undefined || asked.isFirm || announcedMs !== undefined)
  }

  /** Parsed only where it matters: most answers announce nothing. */
  #announcedMs(result: Result, throttled: boolean, epochMs: number): number | undefined {
    if (result.kind === 'fault' || (!throttled && this.quota?.remaining === undefined)) return undefined
    return announcedWaitMs(result.headers, epochMs)
  }

  /** The system has fewer ports than there are attempts in flight. */
  #shrink({ call, admittedAtMs }: Attempt, nowMs: number): void {
    if (this.#ports === undefined) {
      this.#ports = new SocketBudget(Infinity, work => work())
      const ports = this.#ports.limit({ wants: () => false, wake: () => undefined })
      for (let running = this.running; running > 0; running--) ports.book(nowMs, call)
      this.#own = [...this.#own, ports]
      this.#relimit()
    }
    this.#ports.shrink(admittedAtMs, nowMs)
  }

  #stand(health: Health): void {
    const after = standingAfter(health, this.standing, this.#silences)
    this.#silences = after.silences
    if (after.standing === this.standing) return
    const shares = this.#shares
    if (shares !== undefined) {
      if (this.standing !== 'proven') shares[this.standing].running -= this.running
      if (after.standing !== 'proven') shares[after.standing].running += this.running
    }
    this.standing = after.standing
    this.#relimit()
  }

  #relimit(): void {
    const part = this.standing === 'proven' ? undefined : this.#shares?.[this.standing]
    this.shared = part === undefined ? this.#shared : [part, ...this.#shared]
    this.#limits = [...this.#own, ...this.shared]
  }

  /** Whether the lane can be dropped: a new one would behave the same. */
  isIdle(nowMs: number): boolean {
    if (this.running > 0 || this.breaker?.isIdle(nowMs) === false) return false
    return this.#own.every(limit => limit.isIdle?.(nowMs) ?? true)
  }
}

function breakerVerdict(health: Health): 'ok' | 'failed' | 'unknown' {
  if (health === 'good') return 'ok'
  return health === 'failing' || health === 'down' ? 'failed' : 'unknown'
}

/** A 429, a 503 with a wait and a timeout mean overload. Other failures do not say what was too much. */
function adaptiveVerdict(health: Health, result: Result | undefined): 'ok' | 'overload' | 'failed' | 'ignored' {
  if (health === 'good') return 'ok'
  if (health === 'unknown') return 'ignored'
  if (health === 'throttled') return 'overload'
  return result?.kind === 'fault' && result.code.startsWith('timeout/') ? 'overload' : 'failed'
}
