/** The least time in which so many requests can start under all of these rates. */
import type { Rate } from '../../core/rate.ts'

export function leastMs(starts: number, rates: readonly Rate[]): number {
  return Math.max(0, ...rates.map(rate => leastUnder(starts, rate)))
}

/** The first `burst` requests start at once, the others at the rate. */
function leastUnder(starts: number, { limit, intervalMs, burst }: Rate): number {
  return starts <= burst ? 0 : Math.ceil(((starts - burst) * intervalMs) / limit)
}
