import { describe, expect, test } from 'vitest'
import { nearest } from '../../src/config/names.ts'

describe('The nearest name', () => {
  test.each([
    ['cocurrency', ['concurrency', 'retries'], 'concurrency'],
    ['ID', ['id'], 'id'],
    ['ib', ['id', 'x'], 'id'],
    ['n', ['no'], 'no'],
  ])('to %s of %j is %s.', (name, known, near) => {
    expect(nearest(name, known)).toBe(near)
  })

  test.each([
    ['x', ['b']],
    ['x', ['b', 'id']],
    ['stars', ['id', 'b']],
  ])('to %s is none of %j, which have nothing in common with it.', (name, known) => {
    expect(nearest(name, known)).toBeUndefined()
  })
})
