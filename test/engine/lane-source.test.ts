/** An array by lanes: who is next, whatever the gate says of the lanes, and that everybody is taken once. */
import type { Standing } from '../../src/core/standing.ts'
import { describe, expect, test } from 'vitest'
import { laneSource } from '../../src/engine/lane-source.ts'
import { toSource } from '../../src/engine/source.ts'
import type { Item, Source } from '../../src/engine/source.ts'
import { fc } from '../support/property.ts'

type Answer = 'go' | 'wait' | 'at-share' | 'yield'

/** Items are texts such as 'a1': the first letter is the lane. What is not said of a lane is 'go'. */
function open(items: readonly string[], said: Record<string, Answer> = {}, standings: Record<string, Standing> = {}) {
  const asked: string[] = []
  const source = laneSource(items, value => String(value).charAt(0), {
    mayPull(lane) {
      asked.push(lane)
      return said[lane] ?? 'go'
    },
    standingOf: lane => standings[lane] ?? 'new',
  })
  const pull = (): string => {
    const pulled = source.pull() as Item | 'done' | 'later'
    return typeof pulled === 'string' ? pulled : String(pulled.value)
  }
  const pulls = (count: number): string[] => Array.from({ length: count }, pull)
  return { source, pulls, said, standings, asked }
}

describe('Lanes', () => {
  test.each([
    ['that are sorted one after the other', ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'], 'a1 b1 c1 a2 b2 a3'],
    ['that are mixed', ['a1', 'b1', 'a2', 'c1', 'b2', 'a3'], 'a1 b1 c1 a2 b2 a3'],
    ['of one item each', ['c1', 'b1', 'a1'], 'c1 b1 a1'],
    ['that are one', ['a1', 'a2', 'a3'], 'a1 a2 a3'],
    ['that are none', [], ''],
  ])('%s are taken in turn, each in its own order', (_name, items, expected) => {
    const { pulls } = open(items)
    expect(pulls(items.length).join(' ')).toBe(expected)
    expect(pulls(2)).toEqual(['done', 'done'])
  })

  test('that wait at the gate are skipped until they are woken, and do not block others', () => {
    const { pulls, source, said } = open(['a1', 'a2', 'b1', 'b2', 'b3'], { a: 'wait' })
    expect(pulls(4)).toEqual(['b1', 'b2', 'b3', 'later'])
    delete said['a']
    expect(pulls(1)).toEqual(['later'])
    source.wake?.('a', 'proven')
    expect(pulls(3)).toEqual(['a1', 'a2', 'done'])
  })

  test('that were woken come after the ready ones, and before those that yield', () => {
    const { pulls, source, said } = open(['a1', 'b1', 'c1', 'd1'], { a: 'wait', b: 'wait', c: 'yield' })
    expect(pulls(1)).toEqual(['d1'])
    said['a'] = said['b'] = 'yield'
    for (const lane of ['a', 'b']) source.wake?.(lane, 'silent')
    said['a'] = 'go'
    expect(pulls(4)).toEqual(['a1', 'c1', 'b1', 'done'])
  })

  test('are checked only once while one of their requests waits at the gate', () => {
    const { pulls, asked } = open(['a1', 'a2', 'b1', 'b2', 'b3', 'b4'], { a: 'wait' })
    pulls(6)
    expect(asked.filter(lane => lane === 'a')).toHaveLength(1)
  })

  test('that yield go when no other lane is left', () => {
    const { pulls } = open(['a1', 'a2', 'b1', 'b2'], { a: 'yield' })
    expect(pulls(5)).toEqual(['b1', 'b2', 'a1', 'a2', 'done'])
  })

  test('that no longer have to yield go before others, because they have waited longest', () => {
    const { pulls, said } = open(['a1', 'a2', 'b1', 'b2', 'b3'], { a: 'yield' })
    expect(pulls(1)).toEqual(['b1'])
    delete said['a']
    expect(pulls(4)).toEqual(['a1', 'b2', 'a2', 'b3'])
  })

  test('at share go in turn, and before unproven ones', () => {
    const { pulls, source } = open(['a1', 'a2', 'b1', 'b2', 'c1', 'c2'], { a: 'yield', b: 'at-share', c: 'at-share' })
    expect(pulls(7)).toEqual(['b1', 'c1', 'b2', 'c2', 'a1', 'a2', 'done'])
    expect(source.wants?.('proven')).toBe(false)
  })

  test('keep their position in the queue, however often they are woken', () => {
    const { pulls, source } = open(['a1', 'a2', 'b1', 'b2', 'c1', 'c2'])
    for (const lane of ['a', 'b', 'a']) source.wake?.(lane, 'proven')
    expect(pulls(4)).toEqual(['a1', 'b1', 'c1', 'a2'])
    source.wake?.('b', 'proven')
    expect(pulls(3)).toEqual(['b2', 'c2', 'done'])
  })

  test('whose turn came while they were at share are next once they are woken', () => {
    const atShare: Record<string, Answer> = {
      a: 'at-share',
      b: 'at-share',
      c: 'at-share',
      d: 'at-share',
      e: 'at-share',
    }
    const { pulls, source, said } = open(['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'd1', 'd2', 'e1', 'f1'], atShare)
    expect(pulls(1)).toEqual(['f1'])
    // Further back than those that are asked at every pull.
    said['e'] = 'go'
    source.wake?.('e', 'proven')
    expect(pulls(1)).toEqual(['e1'])
  })

  test('that yield and then wait at the gate are skipped until they are woken', () => {
    const { pulls, source, said } = open(['a1', 'b1', 'b2'], { a: 'yield' })
    expect(pulls(1)).toEqual(['b1'])
    said['a'] = 'wait'
    expect(pulls(2)).toEqual(['b2', 'later'])
    delete said['a']
    source.wake?.('a', 'silent')
    expect(pulls(2)).toEqual(['a1', 'done'])
  })

  test('that yield cost each pull the same, however many there are', () => {
    const items = Array.from({ length: 2_000 }, (_, index) => `${String.fromCodePoint(0x4e00 + index)}1`)
    const said: Record<string, Answer> = {}
    for (const item of items) said[item.charAt(0)] = 'yield'
    const ready = Array.from({ length: 1_000 }, (_, index) => `a${index}`)
    const { pulls, asked } = open([...items, ...ready], said)
    pulls(1)
    asked.length = 0
    pulls(999)
    expect(asked.length).toBeLessThanOrEqual(999 * 5)
  })
})

describe('A source reports', () => {
  test('the number of items of a lane that have not been pulled', () => {
    const { source, pulls } = open(['a1', 'a2', 'a3', 'b1'])
    const backlogs = (): (number | undefined)[] => ['a', 'b', 'z'].map(lane => source.backlogOf?.(lane))
    expect(backlogs()).toEqual([3, 1, 0])
    pulls(3)
    expect(backlogs()).toEqual([1, 0, 0])
    pulls(1)
    expect(backlogs()).toEqual([0, 0, 0])
  })

  test('the backlog of its only lane', () => {
    const { source, pulls } = open(['a1', 'a2', 'a3'])
    pulls(1)
    expect([source.backlogOf?.('a'), source.backlogOf?.('b')]).toEqual([2, 0])
  })

  test('whether an item for a proven host is ready, without blocked, pulled and unproven ones', () => {
    const { source, pulls, said } = open(['a1', 'a2', 'b1', 'b2', 'b3', 'b4'])
    expect(source.wants?.('proven')).toBe(false)
    source.wake?.('a', 'proven')
    expect(source.wants?.('proven')).toBe(true)
    said['a'] = 'wait'
    pulls(2)
    expect(source.wants?.('proven')).toBe(false)
    source.wake?.('a', 'proven')
    source.wake?.('a', 'proven')
    expect(source.wants?.('proven')).toBe(true)
    delete said['a']
    pulls(6)
    expect(source.wants?.('proven')).toBe(false)
  })

  test('whether an item is ready for a new host, before it has heard of any host', () => {
    const { source, pulls } = open(['a1', 'b1', 'b2'], {}, { a: 'silent' })
    const wants = (): Standing[] => (['new', 'silent', 'proven'] as const).filter(one => source.wants?.(one))
    expect(wants()).toEqual(['new', 'silent'])
    source.wake?.('b', 'proven')
    expect(wants()).toEqual(['silent', 'proven'])
    source.wake?.('b')
    expect(wants()).toEqual(['silent', 'proven'])
    pulls(2)
    expect(wants()).toEqual(['proven'])
    source.wake?.('b', 'silent')
    expect(wants()).toEqual(['silent'])
    pulls(1)
    expect(wants()).toEqual([])
  })

  test('the standing that the gate returns for a host, even before the run was told of the change', () => {
    const { source, pulls, standings } = open(['a1', 'a2', 'b1', 'b2'], { a: 'yield', b: 'yield' })
    standings['a'] = standings['b'] = 'silent'
    expect(source.wants?.('new')).toBe(true)
    expect(pulls(1)).toEqual(['a1'])
    expect([source.wants?.('new'), source.wants?.('silent')]).toEqual([false, true])
  })

  test('the standing of its only lane; without a lane the host of the next item is unknown', () => {
    const { source, pulls } = open(['a1', 'a2'])
    expect(source.wants?.('new')).toBe(true)
    source.wake?.('a', 'silent')
    expect([source.wants?.('new'), source.wants?.('silent')]).toEqual([false, true])
    pulls(2)
    expect(source.wants?.('silent')).toBe(false)
    expect(toSource(['a1']).wants?.('new')).toBe(false)
  })

  test('the lane of every item, also if there is only one lane', () => {
    for (const items of [
      ['a1', 'a2'],
      ['a1', 'b1'],
    ]) {
      const { source } = open(items)
      expect(items.map(() => (source.pull() as Item).lane)).toEqual(items.map(item => item.charAt(0)))
    }
  })

  test('each remaining item exactly once after the end of the run, in any order', () => {
    const { source, pulls } = open(['a1', 'a2', 'b1', 'b2', 'c1'], { b: 'wait', c: 'yield' })
    const taken = pulls(2)
    source.takeRest(({ value }) => taken.push(String(value)))
    expect(taken.toSorted()).toEqual(['a1', 'a2', 'b1', 'b2', 'c1'])
    expect(source.pull()).toBe('done')
  })

  test('nothing else after an unknown or empty lane was woken', () => {
    const { source, pulls } = open(['a1', 'b1'])
    source.wake?.('z', 'proven')
    pulls(1)
    source.wake?.('a', 'proven')
    expect([source.wants?.('proven'), ...pulls(2)]).toEqual([false, 'b1', 'done'])
  })
})

test('every item is pulled once and in the order of its lane, whatever the gate answers and whichever lanes are woken', () => {
  const step = fc.record({
    lane: fc.constantFrom('a', 'b', 'c', 'd'),
    said: fc.constantFrom<Answer>('go', 'wait', 'at-share', 'yield'),
    pulls: fc.nat(4),
    wake: fc.boolean(),
  })
  const items = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40, size: 'max' })
  fc.assert(
    fc.property(items, fc.array(step, { maxLength: 30, size: 'max' }), (lanes, steps) => {
      const said: Record<string, Answer> = {}
      const source: Source = laneSource(lanes, value => value as string, {
        mayPull: lane => said[lane] ?? 'go',
        standingOf: () => 'new',
      })
      const pulled: Item[] = []
      const pull = (): string => {
        const item = source.pull() as Item | 'done' | 'later'
        if (typeof item === 'string') return item
        if (new Set(lanes).size > 1) expect(said[item.lane as string]).not.toBe('wait')
        pulled.push(item)
        return 'item'
      }
      for (const { lane, said: answer, pulls, wake } of steps) {
        said[lane] = answer
        if (wake) source.wake?.(lane, answer === 'go' ? 'proven' : 'silent')
        for (let nth = 0; nth < pulls; nth++) pull()
        const backlog =
          new Set(lanes).size > 0 ? ['a', 'b', 'c', 'd'].reduce((sum, l) => sum + (source.backlogOf?.(l) ?? 0), 0) : 0
        expect(backlog + pulled.length).toBe(lanes.length)
      }
      for (const lane of ['a', 'b', 'c', 'd']) {
        said[lane] = 'go'
        source.wake?.(lane, 'silent')
      }
      for (let answer = pull(); answer !== 'done'; answer = pull()) expect(answer).toBe('item')
      expect(pulled.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(lanes.map((_, index) => index))
      for (const lane of new Set(lanes)) {
        const order = pulled.filter(({ value }) => value === lane).map(({ index }) => index)
        expect(order).toEqual(order.toSorted((a, b) => a - b))
      }
    }),
  )
})
