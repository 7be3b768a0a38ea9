import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { Seen } from '../../../src/cli/plan/seen.ts'

const DIFFERENT = 20_000

test('a digest is new only once, also after the table has grown', () => {
  const seen = new Seen()
  const digests = Array.from({ length: DIFFERENT }, (_, at) => createHash('sha1').update(String(at)).digest())
  expect(digests.filter(digest => seen.add(digest))).toEqual([])
  expect(digests.filter(digest => !seen.add(digest))).toEqual([])
})

test('digests that differ in one half only are different', () => {
  const seen = new Seen()
  const digest = (high: number, low: number): Buffer => Buffer.from(Int32Array.of(high, low).buffer)
  const different = [digest(1, 1), digest(1, 2), digest(2, 1), digest(-1, 1), digest(0, -1), digest(0, 0)]
  expect(different.map(one => seen.add(one))).toEqual(different.map(() => false))
  expect(different.map(one => seen.add(one))).toEqual(different.map(() => true))
})
