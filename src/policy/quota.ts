/**
 * What one quota of a server leaves us, as a Limit: never more requests in flight than the server will still accept.
 *
 * A report says what remained when its attempt was counted. It is unknown which of the other attempts had been counted
 * by then, so we assume that none had. A report holds until an attempt that started after it arrived brings a newer
 * one. The order of other reports is unknown, so the smallest of them holds. When nothing remains, the host is paused,
 * and then one probe goes at a time until a probe is told that more is left.
 */
import type { Limit } from './limit.ts'
import type { SeenQuota } from './quota-headers.ts'

export interface QuotaLimit extends Limit {
  /** What the server will still accept by its latest report; undefined without a report. */
  readonly remaining: number | undefined
  /**
   * An attempt has ended; `seen` is what its response reports, undefined if it took nothing from the quota. MUST be
   * called after its `release`, in the same tick, for every reply and for every fault that was never sent. MUST NOT be
   * called for an attempt that was sent and not answered: the server may have counted it. Returns the monotonic time
   * until which the host must be paused when nothing remains.
   */
  learn(seen: SeenQuota | undefined, startedAtMs: number, nowMs: number): number | undefined
  /** Replaces `learn` for an attempt that was answered and counted in another quota. */
  excuse(startedAtMs: number): void
}

interface Report {
  readonly remaining: number
  /** Attempts that start from here on are counted after this report. */
  readonly learnedAtMs: number
}

/** A quota that is exhausted by the first request after this many renewals in a row is ignored. */
const MAX_EMPTY_RENEWALS = 3
/** How long a report holds that does not say when the quota is renewed. */
const DEFAULT_WINDOW_MS = 60_000

export function quota(): QuotaLimit {
  /**
   * Reports that still hold, in order of arrival. Each is larger than those before it; a smaller one would replace
   * them.
   */
  let reports: Report[] = []
  let renewedAtMs = -Infinity
  let running = 0
  /**
   * Attempts sent but not answered, which may have been counted after the reports that hold: since `lostSinceMs`, and
   * before.
   */
  let lost = 0
  let lostEarlier = 0
  let lostSinceMs = -Infinity
  /** When the current probe started; undefined when no probe is in flight. */
  let probedAtMs: number | undefined
  /** Renewals in a row after which nothing was left at once, as with a host that always reports 0. */
  let emptyRenewals = 0

  function isEmptyRenewal({ remaining, resetMs, limit }: SeenQuota, startedAtMs: number): boolean {
    return remaining === 0 && limit !== 1 && resetMs === 0 && startedAtMs >= renewedAtMs
  }

  function mayStart(): boolean {
    const remaining = reports[0]?.remaining
    // With nothing else in flight, no other answer could bring a newer report.
    if (running === 0 || remaining === undefined) return true
    return remaining === 0 ? probedAtMs === undefined : running + lost + lostEarlier < remaining
  }

  function forget(): void {
    reports = []
    lost = lostEarlier = 0
    renewedAtMs = -Infinity
  }

  /** The attempt was answered, so `release` must not have counted it as lost. */
  function excuse(startedAtMs: number): void {
    if (lost > 0) lost--
    if (probedAtMs !== undefined && startedAtMs >= probedAtMs) probedAtMs = undefined
  }

  /** An attempt that says nothing about the quota. It matters only if it started after the newest report. */
  function learnNothing(startedAtMs: number, nowMs: number): void {
    if (startedAtMs < (reports.at(-1)?.learnedAtMs ?? Infinity)) return
    // The server no longer reports this quota, or its latest report is out of date.
    if (reports[0]?.remaining === 0 || nowMs >= renewedAtMs) forget()
  }

  function add(remaining: number, startedAtMs: number, nowMs: number): void {
    const held = reports.findIndex(({ learnedAtMs }) => learnedAtMs > startedAtMs)
    reports.splice(0, held === -1 ? reports.length : held)
    while ((reports.at(-1)?.remaining ?? -1) >= remaining) reports.pop()
    reports.push({ remaining, learnedAtMs: nowMs })
    if (startedAtMs < lostSinceMs) return
    // Attempts lost before this one started were counted before it, or never.
    lostEarlier = lost
    lost = 0
    lostSinceMs = nowMs
  }

  return {
    waitsFor: 'rate',
    get remaining() {
      return reports[0]?.remaining
    },
    waitMs: () => (mayStart() ? 0 : Infinity),
    book(nowMs) {
      running++
      if (reports[0]?.remaining === 0) probedAtMs = nowMs
      if (nowMs >= renewedAtMs) lost = lostEarlier = 0
    },
    release() {
      running--
      lost++
    },
    isIdle: nowMs => running === 0 && (reports.length === 0 || nowMs >= renewedAtMs),
    excuse,
    learn(seen, startedAtMs, nowMs) {
      excuse(startedAtMs)
      if (seen === undefined) {
        learnNothing(startedAtMs, nowMs)
        return undefined
      }
      const { remaining, resetMs } = seen
      if (remaining === 0 && resetMs === undefined) {
        // No pause follows from this report, and a host that always sends it would get one request at a time.
        if (startedAtMs >= (reports.at(-1)?.learnedAtMs ?? -Infinity)) forget()
        return undefined
      }
      if (remaining > 0) emptyRenewals = 0
      else if (isEmptyRenewal(seen, startedAtMs) && ++emptyRenewals > MAX_EMPTY_RENEWALS) {
        forget()
        return undefined
      }
      add(remaining, startedAtMs, nowMs)
      renewedAtMs = nowMs + (resetMs ?? seen.windowMs ?? DEFAULT_WINDOW_MS)
      return remaining === 0 ? renewedAtMs : undefined
    },
  }
}
