/**
 * How the demo's API answers each record: mostly well, now and then slow or shaky, and for a few never. Decided by a
 * record's place in the catalogue, so that a summary can be compared with what was planned.
 */
import { randomFrom } from './catalogue.ts'

export type Mood =
  | { readonly kind: 'prompt'; readonly delayMs: number }
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** 503, this many times, then the record. */
  | { readonly kind: 'shaky'; readonly delayMs: number; readonly failures: number }
  /** 404: still in the list of names, but deleted. */
  | { readonly kind: 'gone'; readonly delayMs: number }
  /** 500, however often it is asked. */
  | { readonly kind: 'broken'; readonly delayMs: number }
  /** 200, but a page in HTML where JSON was promised. */
  | { readonly kind: 'page'; readonly delayMs: number }

/** Failures for good, by index. All in the first half, so that no long back-off is left for the end. */
const FATES: ReadonlyMap<number, 'gone' | 'broken' | 'page'> = new Map([
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
    const fate = FATES.get(index)
    if (fate !== undefined) return { kind: fate, delayMs }
    if (roll < 0.08) return { kind: 'shaky', delayMs, failures: roll < 0.03 ? 2 : 1 }
    if (roll < 0.16) return { kind: 'slow', delayMs: 700 + delayMs * 5 }
    return { kind: 'prompt', delayMs }
  })
}
