/** How the standing of a host changes. */
import type { Standing } from '../../src/core/standing.ts'
import { describe, expect, test } from 'vitest'
import type { Health } from '../../src/policy/health.ts'
import { shares, standingAfter } from '../../src/policy/standing.ts'
import { makeCall } from '../support/calls.ts'

/** The standing after each of these results. */
function story(...healths: readonly Health[]): Standing[] {
  let now: { standing: Standing; silences: number } = { standing: 'new', silences: 0 }
  return healths.map(health => {
    now = standingAfter(health, now.standing, now.silences)
    return now.standing
  })
}

describe('A host', () => {
  test.each<[string, Health[], Standing[]]>([
    ['is proven once it answers', ['good'], ['proven']],
    ['is proven by a throttled answer', ['throttled'], ['proven']],
    ['is proven by an error response', ['failing'], ['proven']],
    ['is silent after a first attempt without an answer', ['down'], ['silent']],
    [
      'keeps its standing after a result that says nothing',
      ['unknown', 'good', 'unknown'],
      ['new', 'proven', 'proven'],
    ],
    ['that was silent is proven by its first answer', ['down', 'down', 'good'], ['silent', 'silent', 'proven']],
    [
      'that has answered stays proven through two silences in a row',
      ['good', 'down', 'down', 'good'],
      ['proven', 'proven', 'proven', 'proven'],
    ],
    [
      'becomes silent after the third silence in a row',
      ['good', 'down', 'down', 'down'],
      ['proven', 'proven', 'proven', 'silent'],
    ],
    [
      'starts its count of silences again after an answer',
      ['good', 'down', 'down', 'good', 'down', 'down'],
      ['proven', 'proven', 'proven', 'proven', 'proven', 'proven'],
    ],
    [
      'keeps its count of silences after a result that says nothing',
      ['good', 'down', 'unknown', 'down', 'unknown', 'down'],
      ['proven', 'proven', 'proven', 'proven', 'proven', 'silent'],
    ],
  ])('%s', (_name, healths, expected) => {
    expect(story(...healths)).toEqual(expected)
  })
})

describe('of all slots', () => {
  test.each([
    { slots: 1, newSlots: 1, silent: 1 },
    { slots: 4, newSlots: 1, silent: 1 },
    { slots: 20, newSlots: 4, silent: 1 },
    { slots: 100, newSlots: 20, silent: 5 },
    { slots: Infinity, newSlots: Infinity, silent: Infinity },
  ])('of $slots, new hosts get $newSlots and silent hosts $silent', ({ slots, newSlots, silent }) => {
    const parts = shares(
      slots,
      () => true,
      () => true,
    )
    expect([parts.new.size, parts.silent.size]).toEqual([newSlots, silent])
  })

  test.each([
    { waiting: 'a proven host', isProven: true, isHopeful: true, waitsMs: [Infinity, Infinity] },
    { waiting: 'a new one only', isProven: false, isHopeful: true, waitsMs: [0, Infinity] },
    { waiting: 'nobody', isProven: false, isHopeful: false, waitsMs: [0, 0] },
  ])('new and silent hosts at their share wait $waitsMs ms for more while $waiting is waiting', given => {
    const parts = shares(
      1,
      () => given.isProven,
      () => given.isHopeful,
    )
    const call = makeCall()
    parts.new.book()
    parts.silent.book(0, call)
    expect([parts.new.waitMs(0), parts.silent.waitMs(0, call)]).toEqual(given.waitsMs)
  })
})
