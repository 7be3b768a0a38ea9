/**
 * When a chunk has nothing to do for a while: all requests that are left wait for hosts that asked for a pause. Its place
 * is worth more to another chunk, so the queue keeps it until then.
 */
import type { Gate } from '../../layer/gate.ts'
import type { Census } from '../../engine/census.ts'

/** A chunk that has nothing to do for less than this keeps its place. */
const LEAST_MS = 30_000

/** The queue starts the chunk again then, in milliseconds since the epoch. */
export interface Parked {
  readonly untilMs: number
}

/** How long nothing of a run can be sent, if that is long. */
export function idleMs(census: Census, gate: Pick<Gate, 'pausedUntilMs'>, nowMs: number): number | undefined {
  const { open, queued, queuedIn, untaken, input, isWindowFull } = census
  const mayPull = input === 'awaited' || (input === 'more' && !isWindowFull)
  if (open === 0 || queued < open || untaken > 0 || mayPull) return undefined
  const idle = Math.min(...[...queuedIn.keys()].map(lane => gate.pausedUntilMs(lane))) - nowMs
  return idle > LEAST_MS ? idle : undefined
}
