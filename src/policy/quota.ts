/**
 * What the server's own count leaves us, as a Limit: never more in flight than it will still take.
 *
 * A report tells what remained when its attempt was counted. Which of the others had been counted by then nobody knows,
 * so it is assumed that none had. It holds until an attempt that began after it came brings a newer one; the order of
 * others is unknown, so of them the smallest holds. When nothing remains, the host is left alone, and then one probe
 * goes at a time until one is told that there is more.
 */
import type { Limit } from './limit.ts'
import type { SeenQuota } from './quota-headers.ts'

export interface QuotaLimit extends Limit {
  /** What the server will still take by its last words; undefined when it has not said. */
  readonly remaining: number | undefined
  /**
   * An attempt is over, and told what it says here; undefined: it took nothing from the quota. MUST be called after its
   * `release`, in the same tick, for every reply, and for every fault that was never sent. One that was sent and not
   * answered MUST NOT be told: the server may have counted it. Answers with the monotonic time until which the host
   * must be left alone, when nothing remains.
   */
  learn(seen: SeenQuota | undefined, startedAtMs: number, nowMs: number): number | undefined
  /** In place of `learn`: the attempt was answered, and counted in another quota. */
  excuse(startedAtMs: number): void
}

interface Report {
  readonly remaining: number
  /** What begins from here on is counted after this. */
  readonly learnedAtMs: number
}

/** So often in a row a quota may be used up again by the first request after its renewal; then it means nothing. */
const MAX_EMPTY_RENEWALS = 3
/** How long a report matters that does not say when the quota is renewed. */
const DEFAULT_WINDOW_MS = 60_000

export function quota(): QuotaLimit {
  /** Those that still hold, by the time they came; larger than all before them, or they would have replaced them. */
  let reports: Report[] = []
  let renewedAtMs = -Infinity
  let running = 0
  /** Sent and not answered, so perhaps counted after the reports that hold: since `lostSinceMs`, and before. */
  let lost = 0
  let lostEarlier = 0
  let lostSinceMs = -Infinity
  /** When the probe began that is out. */
  let probedAtMs: number | undefined
  /** Renewals in a row after which nothing was left at once, as of a host that always says 0. */
  let emptyRenewals = 0

  function isEmptyRenewal({ remaining, resetMs, limit }: SeenQuota, startedAtMs: number): boolean {
    return remaining === 0 && limit !== 1 && resetMs === 0 && startedAtMs >= renewedAtMs
  }

  function mayStart(): boolean {
    const remaining = reports[0]?.remaining
    // Alone there is nobody left who could tell more.
    if (running === 0 || remaining === undefined) return true
    return remaining === 0 ? probedAtMs === undefined : running + lost + lostEarlier < remaining
  }

  function forget(): void {
    reports = []
    lost = lostEarlier = 0
    renewedAtMs = -Infinity
  }

  /** It was answered, so `release` was wrong about it. */
  function excuse(startedAtMs: number): void {
    if (lost > 0) lost--
    if (probedAtMs !== undefined && startedAtMs >= probedAtMs) probedAtMs = undefined
  }

  /** What the last attempt was, if it began after all that we know. */
  function learnNothing(startedAtMs: number, nowMs: number): void {
    if (startedAtMs < (reports.at(-1)?.learnedAtMs ?? Infinity)) return
    // The server has stopped to tell, or its last word is old.
    if (reports[0]?.remaining === 0 || nowMs >= renewedAtMs) forget()
  }

  function add(remaining: number, startedAtMs: number, nowMs: number): void {
    const held = reports.findIndex(({ learnedAtMs }) => learnedAtMs > startedAtMs)
    reports.splice(0, held === -1 ? reports.length : held)
    while ((reports.at(-1)?.remaining ?? -1) >= remaining) reports.pop()
    reports.push({ remaining, learnedAtMs: nowMs })
    if (startedAtMs < lostSinceMs) return
    // What was lost before this one began was counted before it, or never.
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
        // No pause could follow from it, and a host that always says so would get one request at a time.
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
