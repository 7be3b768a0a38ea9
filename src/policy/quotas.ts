/**
 * The quotas that one host publishes, each kept by itself, as one Limit.
 *
 * A reading is a hint, not an order: where nothing remains, requests wait until the renewal, but no longer than
 * `maxRetryAfter`. Then one probe goes. If the server refuses it, the pause is as firm as one that `Retry-After` asks
 * for; if it answers although nothing should remain, the reading is not believed any more.
 */
import type { Limit } from './limit.ts'
import { readQuotas } from './quota-headers.ts'
import type { Published, PublishedQuota } from './quota-headers.ts'
import { QuotaMeaning } from './quota-meaning.ts'
import { QuotaPaths } from './quota-paths.ts'
import { quota } from './quota.ts'
import type { QuotaLimit } from './quota.ts'
import type { Attempt } from '../core/attempt.ts'
import type { Call } from '../core/call.ts'
import type { Result } from '../core/result.ts'

/** What the end of an attempt says beside its quotas. */
export interface Answered {
  readonly attempt: Attempt
  readonly result: Result
  readonly throttled: boolean
  /** What `Retry-After` says; it takes precedence. */
  readonly announcedMs: number | undefined
  readonly nowMs: number
  readonly epochMs: number
}

/** What a refused attempt has to wait for. */
export interface AskedPause {
  readonly untilMs: number
  /** A probe was refused: who does not wait that long may be told so. */
  readonly isFirm: boolean
  /** It holds for a part of the host's requests. */
  readonly isPartial: boolean
}

interface Kept {
  readonly limit: QuotaLimit
  readonly meaning: QuotaMeaning
  readonly paths: QuotaPaths
  pausedUntilMs: number
  firmUntilMs: number
  renewsAtMs: number
  /** When we heard that nothing remains; what begins later is a probe. */
  askedAtMs: number | undefined
  /** The pause was as short as the smaller unit of its reset. */
  isGuess: boolean
  disbelieved: boolean
}

/** So many requests of unknown paths are refused before all of them count as its own. */
const MAX_STRANGERS = 3

/** Quotas per second are published in milliseconds (Blockscout): up to here a number may mean that. */
const MAX_GUESS_MS = 1_000
/** More than any honest host has. */
const MAX_QUOTAS = 64
const NONE: readonly Kept[] = []

export class Quotas implements Limit {
  readonly waitsFor = 'rate'
  readonly #kept = new Map<string, Kept>()
  /** Under way, with the quotas in which each was booked. */
  readonly #running = new Map<Call, Kept[]>()
  #left: readonly Kept[] = NONE

  /** What the server will still take by its last words; undefined when it has not said. */
  get remaining(): number | undefined {
    let least: number | undefined
    for (const { limit } of this.#kept.values()) {
      if (limit.remaining !== undefined) least = Math.min(least ?? Infinity, limit.remaining)
    }
    return least
  }

  /** Whether some requests may go while others of the same host wait. */
  get isPartial(): boolean {
    for (const { paths } of this.#kept.values()) if (paths.isPartial) return true
    return false
  }

  /** Until when no request of the host goes. */
  get pausedUntilMs(): number {
    let untilMs = -Infinity
    for (const kept of this.#kept.values()) {
      if (!kept.paths.isPartial) untilMs = Math.max(untilMs, kept.pausedUntilMs)
    }
    return untilMs
  }

  /** Whether the server has refused a probe of any of them. */
  isFirm(nowMs: number): boolean {
    for (const { firmUntilMs } of this.#kept.values()) if (firmUntilMs > nowMs) return true
    return false
  }

  /** Until when the server has refused requests like this one. */
  firmUntilMs(call: Call): number {
    let untilMs = -Infinity
    for (const kept of this.#kept.values()) {
      if (kept.firmUntilMs > untilMs && this.#concerns(kept, call)) untilMs = kept.firmUntilMs
    }
    return untilMs
  }

  waitMs(nowMs: number, call: Call): number {
    let longestMs = 0
    for (const kept of this.#kept.values()) {
      if (!this.#concerns(kept, call)) continue
      longestMs = Math.max(longestMs, this.#waitMs(kept, nowMs, call))
    }
    return longestMs
  }

  #waitMs({ pausedUntilMs, firmUntilMs, limit }: Kept, nowMs: number, call: Call): number {
    if (nowMs >= pausedUntilMs) return limit.waitMs(nowMs, call)
    // It would be over before the pause is: it may as well be the probe.
    if (this.#running.size === 0 && nowMs >= firmUntilMs && call.trip.deadlineMs <= pausedUntilMs) return 0
    return pausedUntilMs - nowMs
  }

  book(nowMs: number, call: Call): void {
    const booked: Kept[] = []
    for (const kept of this.#kept.values()) {
      if (!this.#concerns(kept, call)) continue
      kept.limit.book(nowMs, call)
      booked.push(kept)
    }
    this.#running.set(call, booked)
  }

  release(call: Call): void {
    this.#left = this.#running.get(call) ?? NONE
    this.#running.delete(call)
    for (const { limit } of this.#left) limit.release?.(call)
  }

  isIdle(nowMs: number): boolean {
    for (const { limit, pausedUntilMs } of this.#kept.values()) {
      if (nowMs < pausedUntilMs || limit.isIdle?.(nowMs) === false) return false
    }
    return this.#running.size === 0
  }

  /** Whether this call counts in this quota, as far as we know. */
  #concerns({ paths }: Kept, call: Call): boolean {
    if (!paths.isPartial || paths.has(call)) return true
    if (paths.strangers < MAX_STRANGERS) return false
    for (const other of this.#kept.values()) if (other.paths.has(call)) return false
    return true
  }

  /** An attempt is over. MUST be called after its `release`, in the same tick. Answers with what a refused one waits for. */
  learn(answered: Answered): AskedPause | undefined {
    const { attempt, result, nowMs } = answered
    const booked = this.#left
    this.#left = NONE
    if (result.kind === 'fault') {
      // What was never sent has taken nothing; of what was, nobody knows.
      if (!result.sent) for (const { limit } of booked) limit.learn(undefined, attempt.admittedAtMs, nowMs)
      return undefined
    }
    const published = readQuotas(result.headers, answered.epochMs)
    if (published === undefined && booked.length === 0) return undefined
    const told = new Set<Kept>()
    let asked: AskedPause | undefined
    for (const each of published?.quotas ?? []) {
      // What counts tokens or bytes matters only to who was refused for them.
      if (!each.ofRequests && !answered.throttled) continue
      const kept = this.#keep(published as Published, each, attempt.call, nowMs)
      if (kept === undefined) continue
      told.add(kept)
      const pause = this.#tell(kept, each, answered)
      if (pause !== undefined && (asked === undefined || pause.untilMs > asked.untilMs)) asked = pause
    }
    for (const kept of booked) if (!told.has(kept)) this.#silent(kept, published, answered)
    return asked
  }

  /** The server has said itself when to come back: that is when the next probe goes. */
  defer(untilMs: number): void {
    for (const kept of this.#kept.values()) kept.pausedUntilMs = Math.min(kept.pausedUntilMs, untilMs)
  }

  /** The quota of this name, with everything under way booked that may belong to it. */
  #keep({ scope }: Published, { name }: PublishedQuota, call: Call, nowMs: number): Kept | undefined {
    const key = scope === undefined ? name : `${scope} ${name}`
    const known = this.#kept.get(key)
    known?.paths.add(call, nowMs < known.pausedUntilMs)
    if (known !== undefined || this.#kept.size >= MAX_QUOTAS) return known
    const kept: Kept = {
      limit: quota(),
      meaning: new QuotaMeaning(),
      paths: new QuotaPaths(scope !== undefined),
      pausedUntilMs: -Infinity,
      firmUntilMs: -Infinity,
      renewsAtMs: -Infinity,
      askedAtMs: undefined,
      isGuess: false,
      disbelieved: false,
    }
    kept.paths.add(call, false)
    this.#kept.set(key, kept)
    for (const [other, booked] of this.#running) {
      if (!this.#concerns(kept, other)) continue
      kept.limit.book(nowMs, other)
      booked.push(kept)
    }
    kept.limit.book(nowMs, call)
    kept.limit.release?.(call)
    return kept
  }

  #tell(kept: Kept, each: PublishedQuota, answered: Answered): AskedPause | undefined {
    const { attempt, throttled, announcedMs, nowMs } = answered
    const { admittedAtMs } = attempt
    const { limit, meaning } = kept
    const isProbe = kept.askedAtMs !== undefined && admittedAtMs > kept.askedAtMs
    if (throttled) meaning.refused(admittedAtMs)
    const { resetMs, isUnitKnown } = meaning.read(each, admittedAtMs, nowMs)
    const remaining = each.remaining ?? (throttled ? 0 : undefined)
    if (remaining === undefined || (remaining > 0 && !each.ofRequests)) {
      limit.excuse(admittedAtMs)
      return undefined
    }
    const seen = { remaining, resetMs: announcedMs ?? resetMs, limit: each.limit, windowMs: each.windowMs }
    if (remaining > 0) {
      if (isProbe) open(kept)
      limit.learn(seen, admittedAtMs, nowMs)
      return undefined
    }
    if (throttled) kept.disbelieved = false
    else if (isProbe && each.limit !== 1 && admittedAtMs < kept.renewsAtMs) kept.disbelieved = true
    const renewsAtMs = limit.learn(kept.disbelieved ? { ...seen, resetMs: undefined } : seen, admittedAtMs, nowMs)
    if (renewsAtMs === undefined) {
      open(kept)
      return undefined
    }
    const { maxRetryAfterMs } = attempt.call.plan.retry
    const isFirm = throttled && isProbe && !kept.isGuess
    kept.renewsAtMs = renewsAtMs
    kept.askedAtMs ??= nowMs
    const isPatient = renewsAtMs - nowMs <= maxRetryAfterMs
    const guessMs = isUnitKnown || isPatient || announcedMs !== undefined ? undefined : each.reset?.bareNumber
    kept.isGuess = guessMs !== undefined && guessMs <= MAX_GUESS_MS
    if (isFirm) kept.firmUntilMs = renewsAtMs
    kept.pausedUntilMs = isFirm
      ? renewsAtMs
      : Math.min(renewsAtMs, nowMs + (kept.isGuess ? (guessMs as number) : maxRetryAfterMs))
    return { untilMs: kept.pausedUntilMs, isFirm, isPartial: kept.paths.isPartial }
  }

  /** A response that does not tell of this quota. */
  #silent(kept: Kept, published: Published | undefined, { attempt, throttled, nowMs }: Answered): void {
    const { admittedAtMs } = attempt
    if (published !== undefined && nowMs < kept.renewsAtMs) {
      // It was counted in another one.
      kept.limit.excuse(admittedAtMs)
      if (!throttled) kept.paths.isPartial = true
      return
    }
    if (!throttled && kept.askedAtMs !== undefined && admittedAtMs > kept.askedAtMs) open(kept)
    kept.limit.learn(undefined, admittedAtMs, nowMs)
  }
}

function open(kept: Kept): void {
  kept.askedAtMs = undefined
  kept.isGuess = false
  kept.pausedUntilMs = kept.firmUntilMs = -Infinity
}
