/** A share of the slots, as a Limit for hosts that may not hold more of them while others wait. */
import type { Limit } from './limit.ts'

export interface Share extends Limit {
  readonly size: number
  running: number
  isOpen(nowMs: number): boolean
  /** How many slots beyond its size it holds now that others want them. */
  excess(): number
}

/**
 * `isWanted` says whether another host waits for a slot. If none does, the slot would stay empty, so the share does not
 * apply.
 */
export function slotShare(size: number, isWanted: () => boolean): Share {
  const part: Share = {
    waitsFor: 'slot',
    size,
    running: 0,
    isOpen: () => part.running < size,
    excess: () => (part.running > size && isWanted() ? part.running - size : 0),
    waitMs: nowMs => (part.isOpen(nowMs) || !isWanted() ? 0 : Infinity),
    book: () => void part.running++,
    release: () => void part.running--,
  }
  return part
}
