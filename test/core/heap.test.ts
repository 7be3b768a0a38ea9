/** The heap, compared with a list that is searched. */
import { expect, test } from 'vitest'
import { Heap, byDueTime } from '../../src/core/heap.ts'
import type { Due } from '../../src/core/heap.ts'
import { fc } from '../support/property.ts'

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ name: fc.constant('add' as const), value: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('pop' as const), value: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('remove' as const), value: fc.nat(1_000) }) },
)

test('a heap returns the earliest item first, whichever items are removed from its middle', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(50), { maxLength: 60, size: 'max' }),
      fc.array(step, { maxLength: 150, size: 'max' }),
      (before, steps) => {
        const heap = new Heap<Due>(byDueTime)
        const model: Due[] = []
        const drop = (item: Due): void => {
          heap.remove(item)
          expect(item.heapIndex).toBe(-1)
          model.splice(model.indexOf(item), 1)
        }
        const filled = before.map(value => ({ name: 'add' as const, value }))
        for (const { name, value } of [...filled, ...steps]) {
          const first = heap.peek()
          if (name === 'add') {
            const item = { dueAtMs: value, heapIndex: -1 }
            heap.add(item)
            model.push(item)
          } else if (name === 'pop') {
            if (first !== undefined) drop(first)
          } else if (model.length > 0) drop(model[value % model.length] as Due)
          expect(heap.size).toBe(model.length)
          expect(heap.peek()?.dueAtMs).toBe(model.length === 0 ? undefined : Math.min(...model.map(due => due.dueAtMs)))
          expect(new Set(model.map(item => item.heapIndex)).size).toBe(model.length)
        }
      },
    ),
  )
})

test('removing an item that is in no heap changes nothing', () => {
  const heap = new Heap<Due>(byDueTime)
  heap.add({ dueAtMs: 1, heapIndex: -1 })
  heap.remove({ dueAtMs: 2, heapIndex: -1 })
  expect(heap.size).toBe(1)
})
