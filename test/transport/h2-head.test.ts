/** Heads over HTTP/2: one list serves many requests, and must never serve one that differs. */
import { expect, test } from 'vitest'
import { asObject, h2RequestHead } from '../../src/transport/h2-head.ts'
import { HeaderMemo } from '../../src/transport/header-memo.ts'
import { makeAttempt } from '../support/calls.ts'
import type { CallParts } from '../support/calls.ts'

const ORIGIN = 'https://a.test'
const HEADERS = ['accept', '*/*']
const headOf = (parts: CallParts) =>
  asObject(h2RequestHead(makeAttempt({ origin: ORIGIN, headers: HEADERS, ...parts }), undefined))
const BASE = { ':method': 'GET', ':scheme': 'https', ':authority': 'a.test', ':path': '/', accept: '*/*' }

test.each<[string, CallParts, object]>([
  ['path', { path: '/b' }, { ...BASE, ':path': '/b' }],
  ['method', { method: 'DELETE' }, { ...BASE, ':method': 'DELETE' }],
  ['origin', { origin: 'https://b.test' }, { ...BASE, ':authority': 'b.test' }],
  ['headers', { headers: ['accept', 'a/b'] }, { ...BASE, accept: 'a/b' }],
  [
    'host',
    { headers: ['host', 'c.test'] },
    { ':method': 'GET', ':scheme': 'https', ':authority': 'c.test', ':path': '/' },
  ],
  ['body', { method: 'POST', body: 'abc' }, { ...BASE, ':method': 'POST', 'content-length': '3' }],
  ['lack of a body', { method: 'POST' }, { ...BASE, ':method': 'POST', 'content-length': '0' }],
])('a request that differs in its %s gets its own head, and so does the next one', (_name, parts, expected) => {
  expect(headOf({})).toEqual(BASE)
  expect(headOf(parts)).toEqual(expected)
  expect(headOf({})).toEqual(BASE)
})

test('fields of the same name become a list in an object', () => {
  expect(headOf({ headers: ['x', '1', 'x', '2', 'x', '3'] })).toMatchObject({ x: ['1', '2', '3'] })
})

test('responses with the same fields share one list, whatever was read in between', () => {
  const memo = new HeaderMemo()
  const raw = [':status', '200', 'x', '1', 'y', '2', 'x', '3']
  const first = memo.fields(raw)
  expect(first).toEqual(['x', '1', 'y', '2', 'x', '3'])
  expect(memo.list({ z: '4' })).toEqual(['z', '4'])
  expect(memo.fields([...raw])).toBe(first)
  expect(memo.fields([':status', '200', 'x', '9'])).toEqual(['x', '9'])
})
