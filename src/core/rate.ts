/** Rates as people write them (`'50/s'`, `'5000/h'`, `'5/2s'`) and as the limits take them. */
import { formatDuration, parseDuration } from './duration.ts'

export interface Rate {
  /** Starts allowed in any one interval; a whole number of at least 1. */
  readonly limit: number
  readonly intervalMs: number
  /** How many of them may start at once; 1 ≤ burst ≤ limit. */
  readonly burst: number
}

const TEXT = /^(\d+(?:\.\d+)?)\s?\/\s?(\S+)$/

/** `'100/m'` → 100 per 60000 ms; undefined when the text is no rate. */
export function parseRate(text: string): { limit: number; intervalMs: number } | undefined {
  const match = TEXT.exec(text)
  if (match === null) return undefined
  const per = match[2] as string
  const intervalMs = parseDuration(/^\d/.test(per) ? per : `1${per}`)
  if (intervalMs === undefined || intervalMs <= 0) return undefined
  return wholeRate(Number(match[1]), intervalMs)
}

/** `0.5` per second is one every two seconds; a limit above 1 must be whole, since nobody can start half a request. */
export function wholeRate(limit: number, intervalMs: number): { limit: number; intervalMs: number } | undefined {
  if (!(limit > 0) || !Number.isFinite(limit) || !Number.isFinite(intervalMs / limit)) return undefined
  if (limit < 1) return { limit: 1, intervalMs: intervalMs / limit }
  return Number.isInteger(limit) ? { limit, intervalMs } : undefined
}

/** Intervals up to a second are spread evenly; longer ones may be spent at once, as the quotas of most APIs mean it. */
export function defaultBurst(limit: number, intervalMs: number): number {
  return intervalMs <= 1_000 ? 1 : limit
}

export function formatRate({ limit, intervalMs }: Rate): string {
  return `${limit}/${formatDuration(intervalMs).replace(/^1(?=[a-z]+$)/, '')}`
}
