/** What docs/cli.md says about reading a run file with other programs and about exit codes, run as printed there. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

const GUIDE = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

describe('A run file identifies a row', () => {
  const CSV = 'account,region\nalice,eu\nbob,eu\ncarol,us\n'
  const sorted = 'account,region\ncarol,us\nbob,eu\nalice,eu\n'
  const place = () =>
    workplace(({ headers }, response) => void response.end(JSON.stringify({ account: headers['x-account'] })))
  const args = [
    'URL/me',
    '-i',
    'rows.csv',
    '-H',
    'X-Account: {account}',
    '-o',
    'run.jsonl',
    '--resume',
    '-w',
    '{account} {value}\n',
  ]

  test('also by headers with a column: a sorted input is refused, so no row gets the answer of another', async () => {
    const { run, server, write } = await place()
    write('rows.csv', CSV)
    const first = await run([...args, '-H', 'X-All: 1', '--bearer', 'old'])
    expect(first.stdout.trimEnd().split('\n').toSorted()).toEqual([
      'alice {"account":"alice"}',
      'bob {"account":"bob"}',
      'carol {"account":"carol"}',
    ])
    write('rows.csv', sorted)
    for (const command of [[], ['plan']]) {
      const { code, stdout, stderr } = await run([...command, ...args])
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain('got another one: request 0 was GET')
    }
    expect(server.requests).toHaveLength(3)
    // Constants for all rows may change.
    write('rows.csv', CSV)
    const { code, stderr } = await run([...args, '-H', 'X-All: 2', '--bearer', 'new'])
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('3 ok, 0 failed (3 of these restored from the run file)'),
    ])
    expect(server.requests).toHaveLength(3)
  })

  test('by its --key if there is one, so the input may be sorted, shorter or longer', async () => {
    const { run, server, write } = await place()
    write('rows.csv', CSV)
    const keyed = [...args, '--key', 'account']
    await run(keyed)
    write('rows.csv', sorted)
    expect((await run(['plan', ...keyed])).stdout).toMatch(/^0 requests, .*\ndone already: 3$/m)
    const again = await run(keyed)
    expect(again.stdout.trimEnd().split('\n').toSorted()).toEqual([
      'alice {"account":"alice"}',
      'bob {"account":"bob"}',
      'carol {"account":"carol"}',
    ])
    write('rows.csv', 'account,region\nbob,eu\ndave,us\n')
    const { code, stdout } = await run(keyed)
    expect([code, stdout.trimEnd().split('\n').toSorted()]).toEqual([
      0,
      ['bob {"account":"bob"}', 'dave {"account":"dave"}'],
    ])
    expect(server.requests).toHaveLength(4)
  })

  test('without what JSON lines get from flags, but with their own headers', async () => {
    const { run, server, write } = await place()
    const line = (account: string) => `{"url":"${server.url}/me","headers":{"x-account":"${account}"}}\n`
    write('jobs.jsonl', line('alice') + `{"url":"${server.url}/me"}\n`)
    const jobs = ['-i', 'jobs.jsonl', '-o', 'run.jsonl', '--resume', '-H']
    expect((await run([...jobs, 'X-All: 1'])).code).toBe(0)
    expect((await run([...jobs, 'X-All: 2'])).code).toBe(0)
    write('jobs.jsonl', line('bob') + `{"url":"${server.url}/me"}\n`)
    expect((await run([...jobs, 'X-All: 2'])).code).toBe(2)
    expect(server.requests).toHaveLength(2)
  })
})

describe('Exit code 1', () => {
  test.each([
    ['a request that failed', ['URL/fail'], ''],
    ['requests that were not sent', ['URL/fail', 'URL/{1..99}', '-c', '1', '--fail-fast'], ''],
    ['an input that failed', ['URL/{id}', '-i', '-', '--format', 'csv'], 'id\n1\n"2'],
    ['a row of a plan that could not be sent', ['plan', '-i', '-'], 'URL/a\nnothing\n'],
  ])('is the exit code of %s', async (_what, args, stdin) => {
    const { run } = await workplace(({ url }, response) => {
      response.writeHead(url.includes('fail') ? 404 : 200).end('{}')
    })
    expect((await run(args, { stdin })).code).toBe(1)
    expect(GUIDE).toContain('| 1 | requests failed, were not sent')
  })
})
