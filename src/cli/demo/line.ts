/**
 * The demo's results as lines of a run file of version 2: the line with the salt, then a JSON object with the value or the
 * error for each outcome. The requests of the demo have neither bodies nor headers of their own.
 */
import { randomBytes } from 'node:crypto'
import { fingerprint } from '../../client/run/fingerprint.ts'
import type { Outcome, Timings } from '../../index.ts'

const SALT_BYTES = 16

/**
 * Returns a function that writes an outcome as a line, without its line break. The line with the salt comes before the
 * first outcome, so a demo that ends before it has one leaves an empty file.
 */
export function demoLines(
  salt = randomBytes(SALT_BYTES).toString('base64url'),
): (outcome: Outcome, at: Date) => string {
  let isFirst = true
  return (outcome, at) => {
    const line = lineOf(outcome, salt, at)
    if (!isFirst) return line
    isFirst = false
    return `${JSON.stringify({ v: 2, salt, at: at.toISOString() })}\n${line}`
  }
}

function lineOf(outcome: Outcome, salt: string, at: Date): string {
  const { index, id, key, request, ok, response, attempts, timings } = outcome
  const { method, url } = request
  return JSON.stringify({
    v: 2,
    index,
    id,
    print: fingerprint({ method, url, body: undefined }, salt),
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

/** Rounds to tenths of a millisecond, because anything finer is noise. */
function rounded(timings: Timings): Record<string, number> {
  return Object.fromEntries(
    Object.entries(timings).map(([phase, ms]: [string, number]) => [phase, Math.round(ms * 10) / 10]),
  )
}
