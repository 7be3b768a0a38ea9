/**
 * A Lane is one host's share of the world (or that of one `limitKey`): its own limits beside the shared ones, and what
 * its answers have taught us about it.
 *
 * It answers "may the next one go?" and names the limit that says no, so that the gate can park the lane there instead
 * of asking every lane again.
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
  /** Its own places, fixed or found. */
  readonly places?: Slots | Adaptive | undefined
  readonly rates?: readonly Limit[]
  readonly quota?: Quotas | undefined
  readonly breaker?: Breaker | undefined
  /** What all lanes have in common. */
  readonly shared: readonly Limit[]
  /** For as long as its host is not proven. */
  readonly shares?: Shares | undefined
}

/** What a lane needs besides an answer to learn from it. */
export interface Surroundings {
  readonly clock: Clock
  readonly random: () => number
}

export class Lane {
  readonly key: string
  readonly pause = pause()
  readonly places: Slots | Adaptive | undefined
  readonly quota: Quotas | undefined
  readonly breaker: Breaker | undefined
  running = 0
  /** Attempts that went out, and those of them that were answered with "come back later". */
  attempts = 0
  throttled = 0
  standing: Standing = 'new'
  /** The limits at which it meets other lanes: the part of those of its standing, and what all lanes have in common. */
  shared: readonly Limit[] = []
  #own: readonly Limit[]
  /** Once ports have run out towards its host: they do so per destination, and others have theirs. */
  #ports: SocketBudget | undefined
  readonly #shared: readonly Limit[]
  readonly #shares: Shares | undefined
  #limits: readonly Limit[] = []
  #silences = 0
  /** Rounds of throttled answers since the last good one: the back-off of the whole host. */
  #throttles = 0
  #throttledAtMs = -Infinity

  constructor({ key, places, rates = [], quota, breaker, shared, shares }: LaneParts) {
    this.key = key
    this.places = places
    this.quota = quota
    this.breaker = breaker
    this.#own = [this.pause, places, ...rates, quota].filter(limit => limit !== undefined)
    this.#shared = shared
    this.#shares = shares
    this.#relimit()
  }

  /** The key as people read it. */
  get host(): string {
    return this.key.replace(/^https?:\/\//, '')
  }

  /** Until when no request of it goes. */
  get pausedUntilMs(): number {
    return Math.max(this.pause.untilMs, this.quota?.pausedUntilMs ?? -Infinity)
  }

  /** Until when the server wants no request like this one: who does not wait that long is told so. */
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

  /** What the end of an attempt says about the host. Answers whether nobody may go there any more for a time. */
  learn(attempt: Attempt, result: Result | undefined, nowMs: number, around: Surroundings): boolean {
    // What we took back ourselves is a silence, but no failure that opens a circuit or costs places.
    const isPreempted = result?.kind === 'fault' && result.code === PREEMPTED
    const health = isPreempted ? 'unknown' : healthOf(result, attempt.headed)
    const { admittedAtMs } = attempt
    const firmBeforeMs = this.firmUntilMs(attempt.call)
    this.pause.learn(admittedAtMs, health === 'good')
    if (this.places !== undefined && 'learn' in this.places) {
      this.places.learn({ startedAtMs: admittedAtMs, nowMs, verdict: adaptiveVerdict(health, result) })
    }
    const opened = this.breaker?.record(breakerVerdict(health), admittedAtMs, nowMs) ?? false
    if (result?.kind === 'fault' && result.code === 'resource/port') this.#shrink(attempt, nowMs)
    if (result !== undefined) this.#learnLimits(attempt, result, health, nowMs, around)
    this.#stand(isPreempted ? 'down' : health)
    return opened || this.firmUntilMs(attempt.call) > firmBeforeMs
  }

  /** What the server says of its limits: a throttled answer pauses the whole lane, an exhausted quota does before it. */
  #learnLimits(attempt: Attempt, result: Result, health: Health, nowMs: number, { clock, random }: Surroundings): void {
    const epochMs = clock.epochMs()
    const throttled = health === 'throttled'
    const announcedMs = this.#announcedMs(result, throttled, epochMs)
    const asked = this.quota?.learn({ attempt, result, throttled, announcedMs, nowMs, epochMs })
    if (health === 'good') this.#throttles = 0
    if (health !== 'throttled') return
    this.throttled++
    // What was on its way together was turned away together: one round, however many they were.
    if (attempt.admittedAtMs >= this.#throttledAtMs) {
      this.#throttles++
      this.#throttledAtMs = nowMs
    }
    const renewedInMs = asked === undefined ? undefined : asked.untilMs - nowMs
    const throttle = { result, call: attempt.call, throttles: this.#throttles, renewedInMs, epochMs, random }
    attempt.pausedUntilMs = nowMs + throttleMs(throttle)
    // Retry-After wins over what this and other responses say of quotas.
    if (announcedMs !== undefined) {
      this.pause.defer(attempt.pausedUntilMs)
      this.quota?.defer(attempt.pausedUntilMs)
    }
    // Others of its host have a quota of their own.
    if (announcedMs === undefined && asked?.isPartial === true) return
    // One request's patience must not stop the host for others that would wait longer; those with less leave the line.
    this.pause.extendTo(attempt.pausedUntilMs, asked === undefined || asked.isFirm || announcedMs !== undefined)
  }

  /** Looked for only where it matters: most answers announce nothing. */
  #announcedMs(result: Result, throttled: boolean, epochMs: number): number | undefined {
    if (result.kind === 'fault' || (!throttled && this.quota?.remaining === undefined)) return undefined
    return announcedWaitMs(result.headers, epochMs)
  }

  /** There are fewer ports than attempts. */
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

  /** Nothing worth remembering: a lane made anew would behave the same. */
  isIdle(nowMs: number): boolean {
    if (this.running > 0 || this.breaker?.isIdle(nowMs) === false) return false
    return this.#own.every(limit => limit.isIdle?.(nowMs) ?? true)
  }
}

function breakerVerdict(health: Health): 'ok' | 'failed' | 'unknown' {
  if (health === 'good') return 'ok'
  return health === 'failing' || health === 'down' ? 'failed' : 'unknown'
}

/** A 429, a 503 that asks for time and a timeout say "too much"; other failures do not say of what. */
function adaptiveVerdict(health: Health, result: Result | undefined): 'ok' | 'overload' | 'failed' | 'ignored' {
  if (health === 'good') return 'ok'
  if (health === 'unknown') return 'ignored'
  if (health === 'throttled') return 'overload'
  return result?.kind === 'fault' && result.code.startsWith('timeout/') ? 'overload' : 'failed'
}
