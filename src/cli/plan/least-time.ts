/** How long so many starts take at least under a limit, and under several at once. */
import type { Rate } from '../../core/rate.ts'

export function leastMs(starts: number, rates: readonly Rate[]): number {
  return Math.max(0, ...rates.map(rate => leastUnder(starts, rate)))
}

/** The first `burst` go at once, the others as they are allowed. */
function leastUnder(starts: number, { limit, intervalMs, burst }: Rate): number {
  return starts <= burst ? 0 : Math.ceil(((starts - burst) * intervalMs) / limit)
}
