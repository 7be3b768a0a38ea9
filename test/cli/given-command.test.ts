/** The command that the summary shows for copying: whole, quoted, and without secrets. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it, test } from 'vitest'
import { commandWith } from '../../src/cli/given-command.ts'
import type { GivenFlags } from '../../src/cli/settings.ts'

const of = (urls: readonly string[], flags: GivenFlags, more = {}) =>
  commandWith({ urls, flags, isPiped: false, secretNames: new Set(['tenant']), ...more }, [
    ['resume', true],
    ['retry-only', '5xx'],
  ])

test('the command is the given one, with its flags in their order and the new ones at the end', () => {
  const flags: GivenFlags = [
    ['input', 'my people.csv'],
    ['output', 'run.jsonl'],
    ['retries', '2'],
    ['http2', 'false'],
    ['no-follow', 'false'],
    ['insecure', true],
  ]
  expect(of(['https://a.test/{id}?q=1'], flags)).toBe(
    "preq 'https://a.test/{id}?q=1' -i 'my people.csv' -o run.jsonl --retries 2 --no-http2 --follow --insecure --resume --retry-only 5xx",
  )
})

test('flags of the way in which a run begins are left out, and a new flag replaces a given one', () => {
  const flags: GivenFlags = [
    ['overwrite', true],
    ['verbose', true],
    ['retry-failed', true],
    ['max-failures', '3'],
    ['fail-fast', true],
    ['retry-only', '404'],
    ['output', '-x.jsonl'],
  ]
  expect(of(['u'], flags)).toBe('preq u --output=-x.jsonl --resume --retry-only 5xx')
})

test('a shell gives every word to the program as it was', () => {
  const words = ["it's", '$HOME `x` "y"', '{1..3}', 'a\\b', '-', '*', '', '!!', "\u001B[2J'\\\n\tx"]
  const command = of(words, []).replace('preq ', '')
  const script = `for word in ${command}; do printf '%s\\0' "$word"; done`
  const got = execFileSync('bash', ['-c', script]).toString().split('\0').slice(0, -1)
  expect(got).toEqual([...words, '--resume', '--retry-only', '5xx'])
})

describe('a command that would show a secret is described instead', () => {
  it.each([
    ['a URL with userinfo', ['http://u:CANARY@a.test/'], []],
    ['a URL with a key in its query', ['http://a.test/?api_key=CANARY'], []],
    ['a name of --secret-name', ['http://a.test/?tenant=CANARY'], []],
    ['--bearer', ['u'], [['bearer', 'CANARY']]],
    ['--auth', ['u'], [['auth', 'u:CANARY']]],
    ['--cookie', ['u'], [['cookie', 'a=CANARY']]],
    ['--tls-passphrase', ['u'], [['tls-passphrase', 'CANARY']]],
    ['--proxy', ['u'], [['proxy', 'http://u:CANARY@p.test:1']]],
    ['--proxy without a scheme', ['u'], [['proxy', 'u:CANARY@p.test:1']]],
    ['-H of a secret name', ['u'], [['header', 'X-Api-Key: CANARY']]],
    ['-H with a credential', ['u'], [['header', 'X-Forward: Bearer CANARY']]],
    ['--param', ['u'], [['param', 'token=CANARY']]],
    ['--form', ['u'], [['form', 'password=CANARY']]],
    ['--json', ['u'], [['json', '{"password":"CANARY"}']]],
    ['--body', ['u'], [['body', 'a=1&client_secret=CANARY']]],
    ['--curl -u', [], [['curl', 'curl -u ann:CANARY http://a.test/']]],
    ['--curl -sub', [], [['curl', 'curl -sb a=CANARY http://a.test/']]],
    ['--curl -H', [], [['curl', "curl http://a.test/ -H 'authorization: Bearer CANARY'"]]],
  ] as const)('%s', (_, urls, flags) => {
    expect(of(urls, flags as unknown as GivenFlags)).toBe('the same command with --resume --retry-only 5xx')
  })

  it('unless the flag only names where the secret is', () => {
    const flags: GivenFlags = [
      ['bearer', 'env:TOKEN'],
      ['auth', '@pair.txt'],
      ['header', '@headers.txt'],
      ['curl', 'curl http://a.test/ -H "accept: text/plain"'],
    ]
    expect(of([], flags)).toContain('--bearer env:TOKEN --auth @pair.txt -H @headers.txt --curl ')
  })
})

test('a command with rows from a pipe, and a very long one, are described as well', () => {
  expect(of(['u'], [], { isPiped: true })).toBe('the same command with --resume --retry-only 5xx')
  expect(of(['u'.repeat(3_000)], [])).toBe('the same command with --resume --retry-only 5xx')
})
