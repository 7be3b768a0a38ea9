/** Rates as people write them (`'50/s'`, `'5000/h'`, `'5/2s'`) and as the limits use them. */
import { formatDuration, parseDuration } from './duration.ts'

export interface Rate {
  /** The most starts in any one interval; an integer ≥ 1. */
  readonly limit: number
  readonly intervalMs: number
  /** How many of them may start at once; 1 ≤ burst ≤ limit. */
  readonly burst: number
}

const TEXT = /^(\d+(?:\.\d+)?)\s?\/\s?(\S+)$/

/** `'100/m'` → 100 per 60000 ms. Undefined if the text is not a rate. */
export function parseRate(text: string): { limit: number; intervalMs: number } | undefined {
  const match = TEXT.exec(text)
  if (match === null) return undefined
  const per = match[2] as string
  const intervalMs = parseDuration(/^\d/.test(per) ? per : `1${per}`)
  if (intervalMs === undefined || intervalMs <= 0) return undefined
  return wholeRate(Number(match[1]), intervalMs)
}

/** `0.5` per second becomes one every two seconds. A limit above 1 must be an integer: there is no half request. */
export function wholeRate(limit: number, intervalMs: number): { limit: number; intervalMs: number } | undefined {
  if (!(limit > 0) || !Number.isFinite(limit) || !Number.isFinite(intervalMs / limit)) return undefined
  if (limit < 1) return { limit: 1, intervalMs: intervalMs / limit }
  return Number.isInteger(limit) ? { limit, intervalMs } : undefined
}

/**
 * Limits per second or less are spread evenly. Longer intervals may be used at once, as most APIs intend their quotas.
 */
export function defaultBurst(limit: number, intervalMs: number): number {
  return intervalMs <= 1_000 ? 1 : limit
}

export function formatRate({ limit, intervalMs }: Rate): string {
  return `${limit}/${formatDuration(intervalMs).replace(/^1(?=[a-z]+$)/, '')}`
}
