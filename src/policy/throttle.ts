/** A throttled answer → how long its host is left alone: what it announced, or our own back-off where it is silent. */
import { MAX_RESUME_JITTER_MS, backoffMs } from './backoff.ts'
import { announcedWaitMs } from './retry-after.ts'
import type { Call } from '../core/call.ts'
import type { Result } from '../core/result.ts'

const DEFAULT_BACKOFF = { baseMs: 500, maxMs: 30_000 }

export interface Throttled {
  readonly result: Result
  readonly call: Call
  /** The host's throttled answers in a row, this one included. */
  readonly throttles: number
  /** When its quota is renewed, as far as it says so. */
  readonly renewedInMs: number | undefined
  readonly epochMs: number
  readonly random: () => number
}

export function throttleMs({ result, call, throttles, renewedInMs, epochMs, random }: Throttled): number {
  // HTTP/2's own way to say it has no headers.
  const headers = result.kind === 'reply' ? result.headers : []
  const announcedMs = announcedWaitMs(headers, epochMs) ?? renewedInMs
  const ownMs = ownBackoffMs(call, throttles, random)
  return announcedMs === undefined ? ownMs : announcedMs + Math.min(ownMs, MAX_RESUME_JITTER_MS)
}

/** However short the caller's back-off is: who has just been sent away must not come back at once, again and again. */
const LEAST_MS = 100

/** A caller's own back-off that throws, or never ends, must not decide for a host; then it waits by the default. */
function ownBackoffMs({ plan }: Call, throttles: number, random: () => number): number {
  const leastMs = random() * LEAST_MS
  try {
    const ownMs = backoffMs(plan.retry.backoff, throttles, random)
    if (Number.isFinite(ownMs)) return Math.max(ownMs, leastMs)
  } catch {
    // As if it had not been given.
  }
  return backoffMs(DEFAULT_BACKOFF, throttles, random)
}
