/** Writes an outcome as one line of a run file: a JSON object with the value or the error, without a line break. */
import { createHash } from 'node:crypto'
import type { Outcome, Timings } from '../../index.ts'

export function lineOf(outcome: Outcome, at: Date): string {
  const { index, key, request, ok, response, attempts, timings } = outcome
  const { method, url } = request
  return JSON.stringify({
    v: 1,
    index,
    id: idOf(method, url, key),
    key,
    method,
    url,
    ok,
    status: response?.status,
    ...(outcome.ok
      ? { value: outcome.value }
      : { error: { code: outcome.error.code, message: outcome.error.message } }),
    attempts,
    bytes: response?.bytes ?? 0,
    timings: rounded(timings),
    at: at.toISOString(),
  })
}

/** The identity of a request. The demo's requests have no body, so method, URL and key are enough. */
function idOf(method: string, url: string, key = ''): string {
  return createHash('sha256').update([method, url, key].join('\n')).digest('hex').slice(0, 16)
}

/** Rounds to tenths of a millisecond, because anything finer is noise. */
function rounded(timings: Timings): Record<string, number> {
  return Object.fromEntries(
    Object.entries(timings).map(([phase, ms]: [string, number]) => [phase, Math.round(ms * 10) / 10]),
  )
}
