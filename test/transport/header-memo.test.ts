import { expect, test } from 'vitest'
import { HeaderMemo } from '../../src/transport/header-memo.ts'

test('equal headers share one list, and any difference makes a new one', () => {
  const memo = new HeaderMemo()
  const first = memo.list({ 'content-type': 'a', date: 'now' })
  expect(first).toEqual(['content-type', 'a', 'date', 'now'])
  expect(memo.list({ 'content-type': 'a', date: 'now' })).toBe(first)
  expect(memo.list({ 'content-type': 'a', date: 'then' })).toEqual(['content-type', 'a', 'date', 'then'])
  expect(memo.list({ 'content-type': 'a' })).toEqual(['content-type', 'a'])
  expect(memo.list({ 'content-type': 'a', date: 'then', etag: 'x' })).toEqual([
    'content-type',
    'a',
    'date',
    'then',
    'etag',
    'x',
  ])
  expect(memo.list({})).toEqual([])
})

test('a header with several values keeps each of them, and is never mistaken for another list', () => {
  const memo = new HeaderMemo()
  expect(memo.list({ 'set-cookie': ['a=1', 'b=2'] })).toEqual(['set-cookie', 'a=1', 'set-cookie', 'b=2'])
  expect(memo.list({ 'set-cookie': ['a=1', 'c=3'] })).toEqual(['set-cookie', 'a=1', 'set-cookie', 'c=3'])
  expect(memo.list({ 'set-cookie': 'a=1' })).toEqual(['set-cookie', 'a=1'])
})
