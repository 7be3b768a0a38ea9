import { expect, it } from 'vitest'
import { serverBody, serverWords } from '../../src/cli/server-words.ts'
import { makeError } from '../../src/core/error.ts'
import { fault } from '../../src/core/result.ts'
import type { Outcome } from '../../src/index.ts'
import { failedOutcome } from '../sinks/outcomes.ts'

function saying(body: string, bodyEncoding?: 'base64'): Outcome {
  const shown = () => ({ body, ...(bodyEncoding && { bodyEncoding }) })
  const details = { method: 'GET', url: 'http://a.test/', attempts: 1, timings: { total: 1 }, shown }
  return { ...failedOutcome(0), error: makeError(fault('http/404', '404'), details) }
}

it.each([
  ['a problem document (RFC 9457)', '{"type":"about:blank","title":"Not Found","detail":"no person 7"}', 'no person 7'],
  ['an error of OAuth', '{"error":"invalid_grant","error_description":"expired"}', 'expired'],
  ['an error as text', '{"error":"no such person"}', 'no such person'],
  ['an error as an object', '{"error":{"code":5,"message":"busy"}}', 'busy'],
  ['a list of errors', '{"errors":[{"field":"age","message":"is negative"}]}', 'is negative'],
  ['a list of texts', '["no"]', 'no'],
  ['JSON that is cut off', '{"message": "too \\"long\\"", "trace": ["a', 'too "long"'],
  ['JSON without words', '{"status":404}', '{"status":404}'],
  ['a page', '<!doctype html><html><head><TITLE lang="en">\n 502 Bad &amp; Gateway </TITLE>', '502 Bad & Gateway'],
  [
    'an error of S3',
    '<?xml version="1.0"?><Error><Code>X</Code><Message>Access Denied</Message></Error>',
    'Access Denied',
  ],
  ['lines of text', '\n\n  out of order \nsee below', 'out of order'],
  ['control sequences', '{"error":"\\u001b[2J\\u202eabc"}', String.raw`\u001b[2J\u202eabc`],
  ['control sequences in a page', '<title>\u001B[2J</title>', String.raw`\u001b[2J`],
])('the words of %s', (_, body, words) => {
  expect(serverWords(saying(body))).toBe(words)
})

it.each(['', ' \n ', '{}', '[]', '""', '<html><body>x</body></html>', '<title></title>'])('%j says nothing', body => {
  expect(serverWords(saying(body))).toBeUndefined()
})

it('nor do bytes, and a long text is cut', () => {
  expect(serverWords(saying('aGVsbG8=', 'base64'))).toBeUndefined()
  expect(serverBody(saying('aGVsbG8=', 'base64'))).toBeUndefined()
  expect(serverWords(saying('x'.repeat(5_000)))).toHaveLength(201)
  expect(serverBody(saying(`a\u001B[1m\n\tb${'x'.repeat(5_000)}`))).toMatch(/^a\\u001b\[1m bx+…$/)
})

it.each(['<title', '<', '{"error":', '"message":"', '{"errors":[', '&amp;'])(
  'takes one pass for 64 KiB of %j',
  piece => {
    const words = serverWords(saying(piece.repeat(65_536 / piece.length)))
    expect(words === undefined || words.length <= 201).toBe(true)
  },
)
