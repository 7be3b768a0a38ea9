import { expect, test } from 'vitest'
import { isoTime } from '../../src/core/iso-time.ts'

test('isoTime gives each millisecond its own text, however often it is called', () => {
  const times = [0, 0, 1, 1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_001, 0]
  expect(times.map(isoTime)).toEqual(times.map(time => new Date(time).toISOString()))
})

test('isoTime throws for an invalid time, also the second time', () => {
  isoTime(0)
  for (let time = 0; time < 2; time++) expect(() => isoTime(8.64e15 + 1)).toThrow(RangeError)
})
