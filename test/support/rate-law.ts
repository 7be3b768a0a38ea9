/**
 * The law of every rate limit: in every window [t, t + w] at most burst + rate · (w + 5 ms) starts, and at most `limit`
 * in any interval. Also a limiter that breaks the law, so that each test can show that it would notice.
 */
import type { Rate } from '../../src/core/rate.ts'
import { GRACE_MS } from '../../src/policy/bucket.ts'
import type { Limit } from '../../src/policy/limit.ts'

/** Times are sums of fractions, so differences in the last bits of a double are not a breach. */
const ROUNDING_MS = 1e-6

/** A sentence on the first breach, or undefined. */
export type Law = (startsMs: readonly number[], rate: Rate) => string | undefined

export const evenness: Law = (startsMs, { limit, intervalMs, burst }) => {
  for (let from = 0; from < startsMs.length; from++) {
    for (let to = from; to < startsMs.length; to++) {
      const windowMs = (startsMs[to] as number) - (startsMs[from] as number)
      const allowed = burst + (limit / intervalMs) * (windowMs + GRACE_MS + ROUNDING_MS)
      if (to - from + 1 > allowed) return `${to - from + 1} starts in ${windowMs} ms, allowed ${allowed}`
    }
  }
  return undefined
}

export const exactness: Law = (startsMs, { limit, intervalMs }) => {
  for (let from = 0; from + limit < startsMs.length; from++) {
    const windowMs = (startsMs[from + limit] as number) - (startsMs[from] as number)
    if (windowMs < intervalMs - ROUNDING_MS) return `${limit + 1} starts in ${windowMs} ms, allowed ${limit}`
  }
  return undefined
}

/** Wrong on purpose: counts per fixed window, so that twice the limit passes around an edge. */
export function fixedWindow({ limit, intervalMs }: Rate): Limit {
  let windowAtMs = -Infinity
  let used = 0
  const leftMs = (nowMs: number): number => windowAtMs + intervalMs - nowMs
  return {
    waitsFor: 'rate',
    waitMs: nowMs => (used < limit ? 0 : Math.max(0, leftMs(nowMs))),
    book(nowMs) {
      if (leftMs(nowMs) <= 0) [windowAtMs, used] = [Math.floor(nowMs / intervalMs) * intervalMs, 0]
      used++
    },
  }
}
