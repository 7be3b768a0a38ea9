/**
 * How long a host is paused after a throttled answer: as long as it announced, or for our own back-off if it announced
 * nothing.
 */
import { MAX_RESUME_JITTER_MS, backoffMs } from './backoff.ts'
import { announcedWaitMs } from './retry-after.ts'
import type { Call } from '../core/call.ts'
import type { Result } from '../core/result.ts'

const FALLBACK_BACKOFF = { baseMs: 500, maxMs: 30_000 }

export interface Throttled {
  readonly result: Result
  readonly call: Call
  /** The host's throttled answers in a row, including this one. */
  readonly throttles: number
  /** When the quota is renewed, if the host publishes it. */
  readonly renewedInMs: number | undefined
  readonly epochMs: number
  readonly random: () => number
}

export function throttleMs({ result, call, throttles, renewedInMs, epochMs, random }: Throttled): number {
  // A throttle over HTTP/2 (ENHANCE_YOUR_CALM) has no headers.
  const headers = result.kind === 'reply' ? result.headers : []
  const announcedMs = announcedWaitMs(headers, epochMs) ?? renewedInMs
  const ownMs = throttleBackoffMs(call, throttles, random)
  return announcedMs === undefined ? ownMs : announcedMs + Math.min(ownMs, MAX_RESUME_JITTER_MS)
}

/**
 * Lower bound of the random wait, so that a short user-defined back-off does not retry a throttled host in a tight
 * loop.
 */
const LEAST_MS = 100

/**
 * A user's back-off that throws or returns Infinity must not decide for the whole host; the default is used instead.
 */
function throttleBackoffMs({ plan }: Call, throttles: number, random: () => number): number {
  const leastMs = random() * LEAST_MS
  try {
    const ownMs = backoffMs(plan.retry.backoff, throttles, random)
    if (Number.isFinite(ownMs)) return Math.max(ownMs, leastMs)
  } catch {
    // Falls through to the default.
  }
  return backoffMs(FALLBACK_BACKOFF, throttles, random)
}
