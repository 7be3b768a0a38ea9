import { expect, it } from 'vitest'
import { failureCode, isMeant } from '../../src/core/failure-codes.ts'

it.each([
  ['5xx', 'http/5xx'],
  ['HTTP/5XX', 'http/5xx'],
  ['404', 'http/404'],
  ['http', 'http'],
  ['timeout', 'timeout'],
  ['in_doubt/crash', 'in_doubt/crash'],
  ['toString', undefined],
  ['http/abc', undefined],
  ['0xx', undefined],
  ['constructor/x', undefined],
  ['', undefined],
])('%j is %j', (text, code) => {
  expect(failureCode(text)).toBe(code)
})

it.each([
  [true, 'http/404', true],
  [false, 'http/404', false],
  [['http/4xx'], 'http/404', true],
  [['http/4xx'], 'http/503', false],
  [['http'], 'http/503', true],
  [['timeout'], 'timeout/body', true],
  [['timeout'], 'timeouts/body', false],
  [['dns/not_found'], 'dns/failed', false],
  [['http/5xx'], undefined, false],
])('%j means %j: %s', (meant, code, is) => {
  expect(isMeant(meant, code)).toBe(is)
})
