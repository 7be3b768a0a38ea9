/** How far a host is trusted. */
import { describe, expect, test } from 'vitest'
import type { Health } from '../../src/policy/health.ts'
import { shares, standingAfter } from '../../src/policy/standing.ts'
import type { Standing } from '../../src/policy/standing.ts'

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
    const parts = shares(places, () => true)
    expect([parts.new.size, parts.silent.size]).toEqual([newPlaces, silent])
  })
})
