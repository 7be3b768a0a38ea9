/**
 * The quotas that one host publishes, each tracked separately, as one Limit.
 *
 * A reading is a hint, not an order. Where nothing remains, requests wait until the renewal, but no longer than
 * `maxRetryAfter`; then one probe goes. If the server refuses the probe, the pause is as firm as one that `Retry-After`
 * asks for. If the server answers it although nothing should remain, the reading is ignored from then on.
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
import { CallTable } from '../core/call-table.ts'
import type { Result } from '../core/result.ts'

/** What else the end of an attempt says. */
export interface Answered {
  readonly attempt: Attempt
  readonly result: Result
  readonly throttled: boolean
  /** The wait given by `Retry-After`, which takes precedence. */
  readonly announcedMs: number | undefined
  readonly nowMs: number
  readonly epochMs: number
}

/** What a refused attempt has to wait for. */
export interface AskedPause {
  readonly untilMs: number
  /** A probe was refused, so a request that cannot wait that long fails. */
  readonly isFirm: boolean
  /** It covers only some of the host's requests. */
  readonly isPartial: boolean
}

interface TrackedQuota {
  readonly limit: QuotaLimit
  readonly meaning: QuotaMeaning
  readonly paths: QuotaPaths
  pausedUntilMs: number
  firmUntilMs: number
  renewsAtMs: number
  /** When we learnt that nothing remains. An attempt that starts later is a probe. */
  askedAtMs: number | undefined
  /** The pause is as short as if the reset were given in its smaller unit. */
  isGuess: boolean
  disbelieved: boolean
}

/** A call in flight, with the quotas that it was booked in. */
interface Running {
  readonly call: Call
  booked: readonly TrackedQuota[]
}

/** After this many refused requests on unknown routes, every unknown route counts towards the quota. */
const MAX_STRANGERS = 3

/** Quotas per second may be published in milliseconds (Blockscout). Numbers up to this may mean milliseconds. */
const MAX_GUESS_MS = 1_000
/** More than any honest host has. */
const MAX_QUOTAS = 64
const NO_QUOTAS: readonly TrackedQuota[] = []

export class Quotas implements Limit {
  readonly waitsFor = 'rate'
  readonly #kept = new Map<string, TrackedQuota>()
  readonly #running = new CallTable<Running>()
  #left: readonly TrackedQuota[] = NO_QUOTAS

  /** What the server will still accept by its latest reports; undefined without a report. */
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

  /** No request of the host goes before this time. */
  get pausedUntilMs(): number {
    let untilMs = -Infinity
    for (const kept of this.#kept.values()) {
      if (!kept.paths.isPartial) untilMs = Math.max(untilMs, kept.pausedUntilMs)
    }
    return untilMs
  }

  /** Whether the server has refused a probe of any quota. */
  isFirm(nowMs: number): boolean {
    for (const { firmUntilMs } of this.#kept.values()) if (firmUntilMs > nowMs) return true
    return false
  }

  /** The server has refused requests like this one until then. */
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

  #waitMs({ pausedUntilMs, firmUntilMs, limit }: TrackedQuota, nowMs: number, call: Call): number {
    if (nowMs >= pausedUntilMs) return limit.waitMs(nowMs, call)
    // The call's deadline comes before the end of the pause, so it may as well be the probe.
    if (this.#running.size === 0 && nowMs >= firmUntilMs && call.trip.stopwatch.deadlineMs <= pausedUntilMs) return 0
    return pausedUntilMs - nowMs
  }

  book(nowMs: number, call: Call): void {
    if (this.#kept.size === 0) return this.#running.set(call, { call, booked: NO_QUOTAS })
    const booked: TrackedQuota[] = []
    for (const kept of this.#kept.values()) {
      if (!this.#concerns(kept, call)) continue
      kept.limit.book(nowMs, call)
      booked.push(kept)
    }
    this.#running.set(call, { call, booked })
  }

  release(call: Call): void {
    this.#left = this.#running.get(call)?.booked ?? NO_QUOTAS
    this.#running.delete(call)
    for (const { limit } of this.#left) limit.release?.(call)
  }

  isIdle(nowMs: number): boolean {
    for (const { limit, pausedUntilMs } of this.#kept.values()) {
      if (nowMs < pausedUntilMs || limit.isIdle?.(nowMs) === false) return false
    }
    return this.#running.size === 0
  }

  /** Whether this call counts towards this quota, as far as we know. */
  #concerns({ paths }: TrackedQuota, call: Call): boolean {
    if (!paths.isPartial || paths.has(call)) return true
    if (paths.strangers < MAX_STRANGERS) return false
    for (const other of this.#kept.values()) if (other.paths.has(call)) return false
    return true
  }

  /**
   * An attempt has ended. MUST be called after its `release`, in the same tick. Returns what a refused attempt waits
   * for.
   */
  learn(answered: Answered): AskedPause | undefined {
    const { attempt, result, nowMs } = answered
    const booked = this.#left
    this.#left = NO_QUOTAS
    if (result.kind === 'fault') {
      // An attempt that was not sent used nothing. Whether a sent one was counted is unknown.
      if (!result.sent) for (const { limit } of booked) limit.learn(undefined, attempt.admittedAtMs, nowMs)
      return undefined
    }
    const published = readQuotas(result.headers, answered.epochMs)
    if (published === undefined && booked.length === 0) return undefined
    const told = new Set<TrackedQuota>()
    let asked: AskedPause | undefined
    for (const each of published?.quotas ?? []) {
      // A quota of tokens or bytes matters only to a request that was refused because of it.
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

  /** The server has said when to come back; the next probe goes then. */
  defer(untilMs: number): void {
    for (const kept of this.#kept.values()) kept.pausedUntilMs = Math.min(kept.pausedUntilMs, untilMs)
  }

  /** The quota of this name. A new one books every call in flight that may count towards it. */
  #keep({ scope }: Published, { name }: PublishedQuota, call: Call, nowMs: number): TrackedQuota | undefined {
    const key = scope === undefined ? name : `${scope} ${name}`
    const known = this.#kept.get(key)
    known?.paths.add(call, nowMs < known.pausedUntilMs)
    if (known !== undefined || this.#kept.size >= MAX_QUOTAS) return known
    const kept: TrackedQuota = {
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
    this.#running.forEach(other => {
      if (!this.#concerns(kept, other.call)) return
      kept.limit.book(nowMs, other.call)
      other.booked = [...other.booked, kept]
    })
    kept.limit.book(nowMs, call)
    kept.limit.release?.(call)
    return kept
  }

  #tell(kept: TrackedQuota, each: PublishedQuota, answered: Answered): AskedPause | undefined {
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
      if (isProbe) openQuota(kept)
      limit.learn(seen, admittedAtMs, nowMs)
      return undefined
    }
    if (throttled) kept.disbelieved = false
    else if (isProbe && each.limit !== 1 && admittedAtMs < kept.renewsAtMs) kept.disbelieved = true
    const renewsAtMs = limit.learn(kept.disbelieved ? { ...seen, resetMs: undefined } : seen, admittedAtMs, nowMs)
    if (renewsAtMs === undefined) {
      openQuota(kept)
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

  /** A response that does not report this quota. */
  #silent(kept: TrackedQuota, published: Published | undefined, { attempt, throttled, nowMs }: Answered): void {
    const { admittedAtMs } = attempt
    if (published !== undefined && nowMs < kept.renewsAtMs) {
      // The attempt was counted in another quota.
      kept.limit.excuse(admittedAtMs)
      if (!throttled) kept.paths.isPartial = true
      return
    }
    if (!throttled && kept.askedAtMs !== undefined && admittedAtMs > kept.askedAtMs) openQuota(kept)
    kept.limit.learn(undefined, admittedAtMs, nowMs)
  }
}

function openQuota(kept: TrackedQuota): void {
  kept.askedAtMs = undefined
  kept.isGuess = false
  kept.pausedUntilMs = kept.firmUntilMs = -Infinity
}
