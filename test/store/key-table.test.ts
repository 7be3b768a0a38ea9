import { expect, test } from 'vitest'
import { KeyTable } from '../../src/store/key-table.ts'
import { fc } from '../support/property.ts'

test('a key table numbers keys in the order in which they were added, each once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.integer({ min: 0, max: 300 }).map(String)), { maxLength: 400 }),
      keys => {
        const table = new KeyTable()
        const model = new Map<string, number>()
        for (const key of keys) {
          expect(table.find(key)).toBe(model.get(key))
          if (!model.has(key)) model.set(key, model.size)
          expect(table.add(key)).toBe(model.get(key))
          expect(table.find(key)).toBe(model.get(key))
        }
        expect(table.size).toBe(model.size)
      },
    ),
  )
})

test('a key table distinguishes 300,000 similar keys', () => {
  const table = new KeyTable()
  for (let n = 0; n < 100_000; n++) for (const key of [String(n), `${n}0000`, `é${n}`]) table.add(key)
  expect(table.find('99999')).toBeDefined()
  expect(table.find('x')).toBeUndefined()
  // '10000' to '9990000' are both small numbers and numbers with four zeros.
  expect(table.size).toBe(300_000 - 9)
})
