/**
 * How the demo's API answers for each record: usually at once, sometimes late or after failures, and for a few records
 * never. The index of a record decides, so that the outcomes can be compared with the plan.
 */
import { randomFrom } from './catalogue.ts'

export type Mood =
  | { readonly kind: 'prompt'; readonly delayMs: number }
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** 503 for the first `failures` requests, then the record. */
  | { readonly kind: 'shaky'; readonly delayMs: number; readonly failures: number }
  /** 404: the record is in the list of names, but was deleted. */
  | { readonly kind: 'gone'; readonly delayMs: number }
  /** 500 every time. */
  | { readonly kind: 'broken'; readonly delayMs: number }
  /** 200 with an HTML page instead of JSON. */
  | { readonly kind: 'page'; readonly delayMs: number }

/** Permanent failures, by index. All are in the first half, so that no long back-off delays the end. */
const PERMANENT_FAILURES: ReadonlyMap<number, 'gone' | 'broken' | 'page'> = new Map([
  [17, 'gone'],
  [23, 'broken'],
  [48, 'gone'],
  [61, 'page'],
  [77, 'broken'],
  [96, 'gone'],
  [110, 'broken'],
  [131, 'gone'],
])

export function moods(count: number, seed = 7): Mood[] {
  const random = randomFrom(seed)
  return Array.from({ length: count }, (_, index): Mood => {
    const delayMs = 20 + Math.floor(random() * 80)
    const roll = random()
    const failure = PERMANENT_FAILURES.get(index)
    if (failure !== undefined) return { kind: failure, delayMs }
    if (roll < 0.08) return { kind: 'shaky', delayMs, failures: roll < 0.03 ? 2 : 1 }
    if (roll < 0.16) return { kind: 'slow', delayMs: 700 + delayMs * 5 }
    return { kind: 'prompt', delayMs }
  })
}
