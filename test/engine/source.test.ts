/** Any input as one way to ask for the next item. */
import { expect, test } from 'vitest'
import { toSource } from '../../src/engine/source.ts'

/** Pages of so many items: what is in one is answered at once, the next one takes its time. */
function paged(perPage: number): AsyncIterable<number> {
  let next = 0
  return {
    [Symbol.asyncIterator]: () => ({
      next: (() => {
        const answer = { done: false as const, value: next }
        return next++ % perPage === 0 ? Promise.resolve(answer) : answer
      }) as () => Promise<IteratorResult<number>>,
    }),
  }
}

async function lookAheads(input: Iterable<unknown> | AsyncIterable<unknown>, pulls: number): Promise<number[]> {
  const source = toSource(input)
  const seen = [source.lookAhead]
  for (let pull = 0; pull < pulls; pull++) {
    await source.pull()
    seen.push(source.lookAhead)
  }
  return seen
}

test('an async input is read ahead from its first item on, and through short pages', async () => {
  for (const perPage of [1, 2, 16, 64]) expect(new Set(await lookAheads(paged(perPage), 200))).toEqual(new Set([16]))
})

test('an async input that returns many items at once is not read ahead until the next wait', async () => {
  const seen = await lookAheads(paged(1_000), 1_001)
  expect(seen[65]).toBe(16)
  expect(new Set(seen.slice(66, 1_001))).toEqual(new Set([0]))
  expect(seen[1_001]).toBe(16)
})

test('a sync input is never read ahead', async () => {
  expect(new Set(await lookAheads([1, 2, 3], 3))).toEqual(new Set([0]))
  expect(new Set(await lookAheads(new Set([1, 2, 3]), 3))).toEqual(new Set([0]))
  const promises = [Promise.resolve({ done: false, value: 1 })].values()
  const odd = { [Symbol.iterator]: () => ({ next: () => promises.next().value }) } as unknown as Iterable<unknown>
  expect(new Set(await lookAheads(odd, 1))).toEqual(new Set([0]))
})
