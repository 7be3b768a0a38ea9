import { expect, test } from 'vitest'
import { OpenCalls } from '../../src/engine/open-calls.ts'
import { makeCall } from '../support/calls.ts'

test('open calls can be removed in any order, and the others stay', () => {
  const open = new OpenCalls()
  const calls = Array.from({ length: 50 }, (_, index) => makeCall({ index }))
  for (const call of calls) open.add(call)
  const left = new Set(calls)
  for (let step = 0; left.size > 0; step += 7) {
    const call = [...left][step % left.size]
    if (call === undefined) break
    open.remove(call)
    left.delete(call)
    expect(new Set(open)).toEqual(left)
    expect(open.size).toBe(left.size)
  }
})

test('an iteration over open calls yields each once, even if calls are removed meanwhile', () => {
  const open = new OpenCalls()
  for (let index = 0; index < 10; index++) open.add(makeCall({ index }))
  const met: number[] = []
  for (const call of open) {
    met.push(call.index)
    open.remove(call)
  }
  expect(met.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(open.size).toBe(0)
})
