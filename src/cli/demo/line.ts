/** An outcome as a line of a run file: what came, or why not. One JSON object, without its line break. */
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

/** Tells this request from others; the demo's have no body. */
function idOf(method: string, url: string, key = ''): string {
  return createHash('sha256').update([method, url, key].join('\n')).digest('hex').slice(0, 16)
}

/** Tenths of a millisecond: finer is noise. */
function rounded(timings: Timings): Record<string, number> {
  return Object.fromEntries(
    Object.entries(timings).map(([phase, ms]: [string, number]) => [phase, Math.round(ms * 10) / 10]),
  )
}
