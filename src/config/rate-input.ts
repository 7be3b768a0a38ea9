/** Rates as a caller writes them → limit, interval and burst. */
import { got, isRecord, problem } from './kinds.ts'
import type { Read } from './kinds.ts'
import { nearest } from './names.ts'
import { parseDuration } from '../core/duration.ts'
import { parseRate, wholeRate } from '../core/rate.ts'
import type { Rate } from '../core/rate.ts'
import type { Problem } from '../core/problem.ts'

const RATE_FIELDS = ['limit', 'interval', 'burst']
const RATE_FORMS = "a rate such as 10 (per second), '100/m' or { limit: 100, interval: '1m' }"

/** A rate whose burst may be undefined: then the option `rateLimitBurst` or the default applies. */
export type ReadRate = Omit<Rate, 'burst'> & { readonly burst: number | undefined }

function readOneRate(value: unknown, name: string, problems: Problem[]): ReadRate | undefined {
  const parts = rateParts(value)
  if (parts === undefined) {
    problems.push(problem(name, RATE_FORMS, got(value), remedyFor(value)))
    return undefined
  }
  const unknown = isRecord(value) ? Object.keys(value).find(field => !RATE_FIELDS.includes(field)) : undefined
  if (unknown !== undefined) {
    const near = nearest(unknown, RATE_FIELDS)
    const remedy = near === undefined ? 'Leave it out.' : `Did you mean '${near}'?`
    problems.push(problem(`${name}.${unknown}`, `one of ${RATE_FIELDS.join(', ')}`, 'an unknown name', remedy))
    return undefined
  }
  const burst = isRecord(value) ? value.burst : undefined
  if (burst === undefined) return { ...parts, burst }
  if (Number.isInteger(burst) && (burst as number) >= 1 && (burst as number) <= parts.limit) {
    return { ...parts, burst: burst as number }
  }
  const range = `an integer from 1 to the limit (${parts.limit})`
  problems.push(problem(`${name}.burst`, range, got(burst), 'Leave it out for the default.'))
  return undefined
}

function remedyFor(value: unknown): string {
  if (value === 0 || value === Infinity) return 'Leave it out for no limit.'
  if (typeof value === 'string' && rateParts(Number(value)) !== undefined)
    return `Write ${Number(value)}, or '${value}/s'.`
  return 'The limit is a whole number or below 1 (0.5 is one in two seconds), and the interval has a unit.'
}

function rateParts(value: unknown): { limit: number; intervalMs: number } | undefined {
  if (typeof value === 'number') return wholeRate(value, 1_000)
  if (typeof value === 'string') return parseRate(value)
  if (!isRecord(value) || typeof value.limit !== 'number') return undefined
  const intervalMs = typeof value.interval === 'string' ? parseDuration(value.interval) : value.interval
  if (typeof intervalMs !== 'number' || !(intervalMs > 0) || !Number.isFinite(intervalMs)) return undefined
  return wholeRate(value.limit, intervalMs)
}

/** One rate, or several that apply at once. */
export const rates: Read<readonly ReadRate[]> = (value, name, problems) => {
  if (!Array.isArray(value)) {
    const one = readOneRate(value, name, problems)
    return one && [one]
  }
  const all = value.map((item, index) => readOneRate(item, `${name}[${index}]`, problems))
  return all.every(item => item !== undefined) ? all : undefined
}
