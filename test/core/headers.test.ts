/** Header lists: found by name, merged by name, and never printed with a secret. */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  filterHeaders,
  getAllHeaders,
  getHeader,
  headerProblem,
  isSecretName,
  isSecretQueryName,
  mergeHeaders,
} from '../../src/core/headers.ts'
import { printableUrl } from '../../src/core/url.ts'
import { toHeaders } from '../../src/core/printable-headers.ts'
import { anyText, fc } from '../support/property.ts'

const LIST = ['accept', '*/*', 'set-cookie', 'a=1', 'set-cookie', 'b=2', 'x-a', 'accept']

test('getHeader finds names and never values', () => {
  expect(getHeader(LIST, 'accept')).toBe('*/*')
  expect(getHeader(LIST, '*/*')).toBeUndefined()
  expect(getAllHeaders(LIST, 'set-cookie')).toEqual(['a=1', 'b=2'])
  expect(filterHeaders(LIST, name => name === 'x-a')).toEqual(['x-a', 'accept'])
})

test('mergeHeaders replaces every header of the same name and keeps the order of the rest', () => {
  expect(mergeHeaders(LIST, ['set-cookie', 'c=3', 'x-b', '1'])).toEqual([
    'accept',
    '*/*',
    'x-a',
    'accept',
    'set-cookie',
    'c=3',
    'x-b',
    '1',
  ])
  expect(mergeHeaders(LIST, [])).toBe(LIST)
  expect(mergeHeaders([], LIST)).toBe(LIST)
})

describe('headerProblem', () => {
  test('accepts every value that may be sent', () => {
    for (const value of ['', 'a b\tc', '\u00e4\u00ff', '!~']) expect(headerProblem('x-a', value)).toBeUndefined()
  })

  test.each(['a\r\nb: c', 'a\nb', '\u0000', '\u007f', '\u0100', '😀'])(
    'refuses the value %j without repeating it',
    value => {
      const problem = headerProblem('x-a', `secret${value}`)
      expect(problem).toContain('header x-a')
      expect(problem).not.toContain('secret')
    },
  )

  test.each(['', 'a b', 'a:b', 'ä', 'a\n'])('refuses the name %j', name => {
    expect(headerProblem(name, 'x')).toContain('a token of RFC 9110')
  })

  test('accepts nothing that the platform refuses', () => {
    fc.assert(
      fc.property(anyText(6), anyText(6), (name, value) => {
        if (headerProblem(name, value) === undefined) expect(() => new Headers([[name, value]])).not.toThrow()
      }),
      { numRuns: 500 },
    )
  })
})

test.each([
  ['authorization', true],
  ['Cookie', true],
  ['x-api-key', true],
  ['X-Amz-Signature', true],
  ['accessToken', true],
  ['client_secret', true],
  ['sid', true],
  ['monkey', false],
  ['keyboard', false],
  ['accept', false],
  ['design', false],
  ['tokenize', false],
  ['appid', true],
  ['APP_ID', true],
  ['PHPSESSID', true],
  ['Ticket', true],
  ['otp', true],
  ['pin', true],
  ['hmac', true],
  ['code', false],
  ['spin', false],
  ['pin_count', false],
  ['ticket-id', false],
  ['app_idle', false],
  ['laptop', false],
])('isSecretName(%s) is %s', (name, secret) => {
  expect(isSecretName(name)).toBe(secret)
})

test.each([
  ['code', true],
  ['Code', true],
  ['pin', true],
  ['access_token', true],
  ['country_code', false],
  ['code_challenge', false],
  ['zipcode', false],
])('isSecretQueryName(%s) is %s', (name, secret) => {
  expect(isSecretQueryName(name)).toBe(secret)
  const url = `https://a.test/?${name}=hunter2&b=1`
  expect(printableUrl(url)).toBe(secret ? `https://a.test/?${name}=***&b=1` : url)
})

test('the headers that a caller gets are complete, and printing them shows no secret', () => {
  const headers = toHeaders(['authorization', 'Bearer hunter2', 'set-cookie', 'a=hunter2', 'x-a', '1'])
  expect(headers.get('authorization')).toBe('Bearer hunter2')
  expect(headers.getSetCookie()).toEqual(['a=hunter2'])
  expect(inspect(headers)).not.toContain('hunter2')
  expect(inspect({ nested: { headers } }, { depth: 5 })).not.toContain('hunter2')
  expect(inspect(headers)).toContain("'x-a': '1'")
})
