/** Concurrency as a Limit: a fixed number of slots. */
import type { Limit } from './limit.ts'

export interface Slots extends Limit {
  readonly used: number
  readonly size: number
}

/** @param name for advice */
export function slots(size: number, name?: Pick<Limit, 'label' | 'option'>): Slots {
  let used = 0
  return {
    ...name,
    waitsFor: 'slot',
    size,
    get used() {
      return used
    },
    isFull: () => used >= size,
    waitMs: () => (used < size ? 0 : Infinity),
    book: () => void used++,
    release: () => void used--,
  }
}
