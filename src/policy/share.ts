/** A part of the places, as a Limit for those who may hold no more of them while others wait. */
import type { Limit } from './limit.ts'

export interface Share extends Limit {
  readonly size: number
  running: number
  isOpen(nowMs: number): boolean
  /** How many more than its size have been let in, now that others want their places. */
  excess(): number
}

/** `isWanted` says whether anybody else waits for places: nobody is kept from one that would stay empty. */
export function share(size: number, isWanted: () => boolean): Share {
  const part: Share = {
    waitsFor: 'place',
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
