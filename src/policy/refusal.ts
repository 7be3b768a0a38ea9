/**
 * Why a call is refused instead of queued: its host's circuit is open, or the host asked for a longer pause than the
 * call may wait.
 */
import type { Lane } from './lane.ts'
import { tooLongPaused } from './patience.ts'
import type { Call } from '../core/call.ts'
import { formatDuration } from '../core/duration.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'

/** Undefined: the call may be queued. */
export function laneRefusal(lane: Lane, call: Call, nowMs: number, epochMs: number): Fault | undefined {
  return circuitOpen(lane, nowMs, epochMs) ?? tooLongPaused(lane, call, nowMs, epochMs)
}

function circuitOpen({ breaker, host }: Lane, nowMs: number, epochMs: number): Fault | undefined {
  const untilMs = breaker?.refusesUntilMs(nowMs)
  if (untilMs === undefined) return undefined
  const waitMs = Math.max(0, untilMs - nowMs)
  const isOpen = `not sent: ${host} kept failing, so its circuit stays open`
  // An infinite cooldown has no end that could be told.
  if (waitMs === Infinity) return fault('circuit/open', `${isOpen} until the client is closed`)
  const message = `${isOpen} for ${formatDuration(Math.ceil(waitMs))}`
  return fault('circuit/open', message, { retryAt: Math.round(epochMs + waitMs) })
}
