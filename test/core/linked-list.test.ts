/** The linked list, compared with an array that is searched. */
import { expect, test } from 'vitest'
import { LinkedList } from '../../src/core/linked-list.ts'
import type { Link } from '../../src/core/linked-list.ts'
import { fc } from '../support/property.ts'

interface Person extends Link<Person> {
  readonly name: number
}

const person = (name: number): Person => ({ name, list: undefined, before: undefined, behind: undefined })

/** The names from front to back; also checks the links in the other direction. */
function namesIn(list: LinkedList<Person>): number[] {
  const names: number[] = []
  let last: Person | undefined
  for (let next = list.peek(); next !== undefined; next = next.behind) {
    expect(next.before).toBe(last)
    expect(next.list).toBe(list)
    names.push(next.name)
    last = next
  }
  return names
}

const step = fc.record({
  name: fc.constantFrom('push', 'push', 'shift', 'remove'),
  list: fc.nat(1),
  who: fc.nat(9),
})

test('two queues behave like two arrays when items leave from the middle or change from one to the other', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), steps => {
      const people = Array.from({ length: 10 }, (_, name) => person(name))
      const lists = [new LinkedList<Person>(), new LinkedList<Person>()]
      const models: number[][] = [[], []]
      const drop = (model: number[], who: number): void => {
        if (model.includes(who)) model.splice(model.indexOf(who), 1)
      }
      for (const { name, list: number, who } of steps) {
        const list = lists[number] as LinkedList<Person>
        const model = models[number] as number[]
        const one = people[who] as Person
        if (name === 'push') {
          for (const other of models) drop(other, who)
          model.push(who)
          list.push(one)
        } else if (name === 'shift') {
          expect(list.shift()?.name).toBe(model.shift())
        } else {
          drop(model, who)
          list.remove(one)
        }
        for (const [index, each] of lists.entries()) {
          expect(namesIn(each)).toEqual(models[index])
          expect(each.size).toBe(models[index]?.length)
        }
        const standing = new Set(models.flat())
        for (const each of people) {
          if (!standing.has(each.name))
            expect([each.list, each.before, each.behind]).toEqual([undefined, undefined, undefined])
        }
      }
    }),
  )
})

test('an item that is pushed again goes to the end of the queue', () => {
  const list = new LinkedList<Person>()
  const [first, second] = [person(1), person(2)]
  list.push(first)
  list.push(second)
  list.push(first)
  expect(namesIn(list)).toEqual([2, 1])
})

test('remove() ignores an item that is in another queue', () => {
  const [here, there] = [new LinkedList<Person>(), new LinkedList<Person>()]
  const one = person(1)
  here.push(one)
  there.remove(one)
  expect([here.size, there.size]).toEqual([1, 0])
})
