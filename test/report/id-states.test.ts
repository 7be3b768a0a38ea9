import { describe, expect, test } from 'vitest'
import { IdStates } from '../../src/report/id-states.ts'
import { KeyTable } from '../../src/store/key-table.ts'

describe('the states of ids', () => {
  test('are those that were set last, for positions and for keys', () => {
    const states = new IdStates()
    for (const id of ['#0', '#99999', 'k:a', '#3/1']) {
      expect([states.swap(id, 7), states.swap(id, 8), states.get(id)]).toEqual([0, 7, 8])
    }
    expect([states.get('#1'), states.get('k:b'), states.forgotten]).toEqual([0, 0, 0])
  })

  test('of further keys than are remembered are none', () => {
    const states = new IdStates(new KeyTable(), 2)
    expect(['k:a', 'k:b', 'k:c', 'k:c', 'k:a'].map(id => states.swap(id, 1))).toEqual([0, 0, 0, 0, 1])
    expect(states.forgotten).toBe(2)
  })

  test('of positions that no array could have are none', () => {
    const states = new IdStates()
    for (let page = 0; page < 5_000; page++) states.swap(`#${page * 1_000_000}`, 1)
    expect(states.forgotten).toBe(5_000 - 4_096)
  })

  test('of two runs are compared id by id', () => {
    const names = new KeyTable()
    const [before, after] = [new IdStates(names), new IdStates(names)]
    before.swap('#1', 1)
    before.swap('k:a', 2)
    after.swap('k:a', 3)
    after.swap('k:b', 4)
    const pairs: number[][] = []
    before.compare(after, (a, b) => pairs.push([a, b]))
    expect(pairs).toEqual([
      [1, 0],
      [2, 3],
      [0, 4],
    ])
  })
})
