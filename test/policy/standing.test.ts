/** How far a host is trusted. */
import type { Standing } from '../../src/core/standing.ts'
import { describe, expect, test } from 'vitest'
import type { Health } from '../../src/policy/health.ts'
import { shares, standingAfter } from '../../src/policy/standing.ts'
import { makeCall } from '../support/calls.ts'

/** The standing after each of these ends of attempts. */
function story(...healths: readonly Health[]): Standing[] {
  let now: { standing: Standing; silences: number } = { standing: 'new', silences: 0 }
  return healths.map(health => {
    now = standingAfter(health, now.standing, now.silences)
    return now.standing
  })
}

describe('A host', () => {
  test.each<[string, Health[], Standing[]]>([
    ['that answers is proven', ['good'], ['proven']],
    ['that asks for time has answered', ['throttled'], ['proven']],
    ['that answers with an error has answered', ['failing'], ['proven']],
    ['that does not answer the first time is silent', ['down'], ['silent']],
    ['of which nothing was learned stays what it was', ['unknown', 'good', 'unknown'], ['new', 'proven', 'proven']],
    ['that was silent is proven by its first answer', ['down', 'down', 'good'], ['silent', 'silent', 'proven']],
    [
      'that has answered may be silent twice in a row',
      ['good', 'down', 'down', 'good'],
      ['proven', 'proven', 'proven', 'proven'],
    ],
    [
      'that is silent a third time is not trusted',
      ['good', 'down', 'down', 'down'],
      ['proven', 'proven', 'proven', 'silent'],
    ],
    [
      'is forgiven its silences by an answer in between',
      ['good', 'down', 'down', 'good', 'down', 'down'],
      ['proven', 'proven', 'proven', 'proven', 'proven', 'proven'],
    ],
    [
      'does not become less silent because nothing was learned',
      ['good', 'down', 'unknown', 'down', 'unknown', 'down'],
      ['proven', 'proven', 'proven', 'proven', 'proven', 'silent'],
    ],
  ])('%s.', (_name, healths, expected) => {
    expect(story(...healths)).toEqual(expected)
  })
})

describe('Of all places', () => {
  test.each([
    { places: 1, newPlaces: 1, silent: 1 },
    { places: 4, newPlaces: 1, silent: 1 },
    { places: 20, newPlaces: 4, silent: 1 },
    { places: 100, newPlaces: 20, silent: 5 },
    { places: Infinity, newPlaces: Infinity, silent: Infinity },
  ])('$places, hosts that never answered get $newPlaces and silent ones $silent.', ({ places, newPlaces, silent }) => {
    const parts = shares(
      places,
      () => true,
      () => true,
    )
    expect([parts.new.size, parts.silent.size]).toEqual([newPlaces, silent])
  })

  test.each([
    { waiting: 'a proven host', isProven: true, isHopeful: true, waitsMs: [Infinity, Infinity] },
    { waiting: 'a new one only', isProven: false, isHopeful: true, waitsMs: [0, Infinity] },
    { waiting: 'nobody', isProven: false, isHopeful: false, waitsMs: [0, 0] },
  ])('new and silent hosts with their part wait $waitsMs ms for more while $waiting does.', given => {
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
