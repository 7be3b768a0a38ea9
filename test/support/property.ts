/**
 * fast-check with a reproducible seed. It is the same in every run, so that a change is judged by the same cases as the
 * one before it; `SEED=random` tries new ones, as the nightly runs do. A failure prints its seed, and
 * `SEED=… npx vitest run <file>` repeats it.
 */
import fc from 'fast-check'

const { SEED: given = '20261' } = process.env

export const seed = given === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(given)

fc.configureGlobal({ seed, includeErrorInReport: true })

/** A seeded generator of numbers in [0, 1), for models that need more randomness than an arbitrary gives. */
export function randomFrom(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Text of any code points. `fc.string({ unit: 'binary' })` is the same and takes a second of CPU time to make. */
export function anyText(maxLength?: number): fc.Arbitrary<string> {
  const SURROGATES = 0x800
  const point = fc.nat(0x10ffff - SURROGATES).map(at => String.fromCodePoint(at < 0xd800 ? at : at + SURROGATES))
  const points = fc.array(point, maxLength === undefined ? {} : { maxLength }).map(all => all.join(''))
  // Names that every object has, as fc.string also gives them.
  const names = fc.constantFrom('__proto__', 'constructor', 'toString', 'valueOf', '__defineGetter__')
  return maxLength === undefined ? fc.oneof({ weight: 20, arbitrary: points }, { weight: 1, arbitrary: names }) : points
}

export { fc }
