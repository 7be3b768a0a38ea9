import { describe, expect, it } from 'vitest'
import { NumberSet } from '../../src/core/number-set.ts'

describe('a set of numbers', () => {
  it('has what was added, and nothing else', () => {
    const set = new NumberSet()
    const numbers = Array.from({ length: 10_000 }, (_, index) => index * 2 ** 38 + (index % 7))
    expect(set.has(0)).toBe(false)
    expect(numbers.map(number => set.add(number))).not.toContain(false)
    expect(numbers.every(number => set.has(number) && !set.add(number))).toBe(true)
    expect(set.size).toBe(numbers.length)
    expect(set.has(5)).toBe(false)
    expect(set.has(2 ** 53 - 2)).toBe(false)
  })
})
