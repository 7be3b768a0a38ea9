/** Mutated responses, read by our parser and by Node's. `npm run nightly:fuzz` reads ten million of them. */
import { expect, it } from 'vitest'
import { fuzz } from '../../support/h1-fuzz/fuzz.ts'
import { RULES } from '../../support/h1-fuzz/rules.ts'

const SEED = 20_261_130

it(`our parser and Node's differ about damaged responses only where a rule says why (seed ${SEED})`, () => {
  const { same, explained, unexplained } = fuzz(SEED, 20_000)
  expect(unexplained).toEqual([])
  const different = [...explained.values()].reduce((sum, times) => sum + times, 0)
  expect(same + different).toBe(20_000)
  // Damage that only broke everything would prove little.
  expect(same).toBeGreaterThan(15_000)
  expect(explained.get('tab behind chunked')).toBeGreaterThan(0)
})

it('every rule of the fuzz has a reason, and no name is given twice', () => {
  expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length)
  for (const { because } of RULES) expect(because).toMatch(/RFC|we judge/)
})
