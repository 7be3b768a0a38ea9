import { expect, test } from 'vitest'
import { partNamed, valueNamesIn } from '../../../src/cli/chain/values.ts'

test('names of values are found behind operators, in lists and before modifiers', () => {
  const texts = [
    '/{value.id}/{+value.path}{?value.page,1.value.q*}',
    '{value.name:3} {value} {other} {{value.no}}',
    '{"a": {value.b}}',
  ]
  const names = ['1.value.q', 'value', 'value.b', 'value.id', 'value.name', 'value.page', 'value.path']
  expect(valueNamesIn(texts, 1).toSorted()).toEqual(names)
})

test('the value of a stage that does not come before is not known', () => {
  expect(valueNamesIn(['{1.value.a} {2.value.b} {0.value.c} {value.d}'], 1)).toEqual(['1.value.a', 'value.d'])
})

test.each([
  ['value', { a: [{ b: 7 }] }],
  ['value.a.0.b', 7],
  ['1.value.id', 1],
  ['1.value', { id: 1 }],
  ['2.value.a.0', { b: 7 }],
  ['value.a.1', undefined],
  ['value.b', undefined],
  ['value.toString', undefined],
  ['value.a.0.b.c', undefined],
  ['3.value', undefined],
])('%s is the part %j', (name, part) => {
  expect(partNamed(name, [{ id: 1 }, { a: [{ b: 7 }] }])).toEqual(part)
})
