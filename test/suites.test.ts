/** How `npm run suites` reads and counts. The cases here are made up, in the formats of the suites. */
import { describe, expect, it } from 'vitest'
import { readCurlCommand } from '../scripts/suites/curl-command.ts'
import { readCurlFile } from '../scripts/suites/curl-file.ts'
import { casesOf, verdictOf } from '../scripts/suites/llhttp.ts'
import { reportOf } from '../scripts/suites/report.ts'
import { trialsOf as fieldTrials } from '../scripts/suites/structured-fields.ts'
import { count } from '../scripts/suites/trial.ts'
import type { Reason, Trial } from '../scripts/suites/trial.ts'
import { trialsOf as urlTrials } from '../scripts/suites/url-data.ts'

const differing = (name: string): Trial => ({ name, kind: 'differ', theirs: 'ok', ours: 'no', input: '' })
const REASONS: readonly Reason[] = [
  { rule: 'listed', because: 'we mean it', applies: ['a', 'b'] },
  { rule: 'later', because: 'the wire', isOwed: true, applies: ({ name }) => name === 'c' },
  { rule: 'gone', because: 'it was so', applies: [] },
]

describe('a difference from a suite', () => {
  it('is a fault until a rule gives a reason for it, and unused rules are reported', () => {
    const trials: Trial[] = [
      ...['a', 'b', 'c', 'd'].map(differing),
      { name: 'e', kind: 'agree' },
      { name: 'f', kind: 'out', why: 'FTP' },
    ]
    const lines = reportOf('made up', count(trials, REASONS)).split('\n')
    expect(lines).toEqual([
      'made up: 1 agree, 2 differ with a reason, 1 owed, 1 fault, 1 out of scope',
      '  differ  2  listed: we mean it',
      '  owed    1  later: the wire',
      '  out     1  FTP',
      '  unused  0  gone: no case needs this rule any more',
      '  FAULT   d: expected ok, got no',
    ])
  })

  it('prints in one line of ASCII, whatever its texts contain', () => {
    const trial = { ...differing('\u001b[2J\n\u202e'), theirs: 'x'.repeat(500) } as Trial
    const report = reportOf('made up', count([trial], []))
    expect(report).toMatch(/^[\x20-\x7e]+\n[\x20-\x7e]+$/)
    expect(report.length).toBeLessThan(400)
  })
})

describe('a test file of curl', () => {
  const TEXT = [
    '<testcase>',
    '<reply>',
    '<data crlf="headers" nonewline="yes">',
    'HTTP/1.1 200 OK',
    'X-A: %TESTNUMBER%hex[%2c]hex%%repeat[2 x b]%',
    '%if win32',
    'X-B: c',
    '%else',
    'X-B: %LTd%GT',
    '%endif',
    '',
    'a: body',
    '</data>',
    '</reply>',
    '</testcase>',
  ].join('\n')

  it('is read with its variables, functions, conditions and line ends', () => {
    const file = readCurlFile(TEXT, { number: '7', port: '80', sources: '/' })
    expect(file.section('data')?.text).toBe('HTTP/1.1 200 OK\r\nX-A: 7,bb\r\nX-B: <d>\r\n\r\na: body')
  })

  it('has a command that is read, or reports the first unsupported option', () => {
    expect(readCurlCommand(`http://127.0.0.1:80/7 -L -o x -H "X-A: b c" --data 'd=1' -u me:pw`)).toMatchObject({
      url: 'http://127.0.0.1:80/7',
      method: 'POST',
      headers: { 'X-A': 'b c' },
      body: 'd=1',
      auth: { username: 'me', password: 'pw' },
      follows: true,
    })
    expect(readCurlCommand('http://127.0.0.1:80/7 --digest')).toBe('option --digest')
    expect(readCurlCommand('ftp://127.0.0.1:80/7')).toBe('a URL that is not on the local server')
  })
})

describe('a case of llhttp', () => {
  it('is the bytes between its fences, with escapes, and the verdict of its log', () => {
    const markdown =
      '## One\n<!-- meta={"type": "response"} -->\n```http\nHTTP/1.1 200 OK\\n\nA: \\tb\n\n\n```\n```log\noff=0 x\n```\n'
    expect(casesOf('a.md', markdown)).toEqual([
      { name: 'a.md: One', meta: { type: 'response' }, bytes: 'HTTP/1.1 200 OK\n\r\nA: \tb\r\n\r\n', log: 'off=0 x\n' },
    ])
  })

  it.each([
    ['refused', 'off=3 error code=2 reason="no"', { kind: 'refused' }],
    [
      'whole',
      'off=9 headers complete status=200 v=1/1 flags=20 content_length=2\noff=9 len=2 span[body]="ok"\noff=11 message complete',
      { kind: 'whole', status: 200, body: 'ok' },
    ],
    [
      'whole at the end of the connection',
      'off=9 headers complete status=200 v=1/1 flags=0 content_length=0',
      { kind: 'whole', status: 200, body: '' },
    ],
    ['incomplete', 'off=9 headers complete status=200 v=1/1 flags=8 content_length=0', { kind: 'incomplete' }],
    [
      'incomplete behind an interim answer',
      'off=9 headers complete status=103 v=1/1 flags=0 content_length=0\noff=9 message complete',
      { kind: 'incomplete' },
    ],
  ])('is %s as its log says', (_what, log, verdict) => {
    expect(verdictOf(log)).toEqual(verdict)
  })
})

it("a URL agrees if it is sent in the standard's form, or refused where the standard fails", () => {
  const cases = [
    'a comment',
    { input: 'HTTP://u@h.example/a/../b?c#d', base: null, href: 'http://u@h.example/b?c#d', protocol: 'http:' },
    { input: 'http://h.example:99999/', base: null, failure: true },
    { input: 'mailto:a', base: null, href: 'mailto:a', protocol: 'mailto:' },
    { input: 'http://h.example/a', base: null, href: 'http://h.example/other', protocol: 'http:' },
  ]
  expect(urlTrials(JSON.stringify(cases)).map(({ kind }) => kind)).toEqual(['agree', 'agree', 'agree', 'differ'])
})

it('a structured field is compared member by member, and one that must be refused by the counts that are read', () => {
  const list = { header_type: 'list', expected: [['a', [['r', 5]]]] }
  const cases = [
    { ...list, name: 'same', raw: ['"a";r=5'] },
    { ...list, name: 'other', raw: ['"a";r=6'] },
    { name: 'read', header_type: 'list', must_fail: true, raw: ['"a";r=5,'] },
    { name: 'not read', header_type: 'list', must_fail: true, raw: ['"a;r=5'] },
  ]
  const kinds = fieldTrials('made-up.json', JSON.stringify(cases)).map(({ kind }) => kind)
  expect(kinds).toEqual(['agree', 'differ', 'differ', 'agree'])
})
