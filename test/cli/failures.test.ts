/** The end of a run with failures: what failed, what the server said, and the command that fits. */
import { describe, expect, test } from 'vitest'
import { Failures } from '../../src/cli/failures.ts'
import { adviceFor } from '../../src/cli/advice.ts'
import { makeError } from '../../src/core/error.ts'
import { fault } from '../../src/core/result.ts'
import { failedOutcome } from '../sinks/outcomes.ts'
import { recordsOf } from './records.ts'
import { workplace } from './workplace.ts'
import type { Respond } from '../support/echo-server.ts'

const api: Respond = ({ url, headers }, response) => {
  const [, path, id = ''] = /^\/(\w+)\/?(\w*)/.exec(url) ?? []
  if (path === 'gone') response.writeHead(404).end(`{"detail":"no person ${id}"}`)
  else if (path === 'down') response.writeHead(503).end('<title>\u001B[2Jdown</title>')
  else if (path === 'echo') response.writeHead(401).end(`who is ${headers.authorization}?`)
  else if (path === 'busy') response.writeHead(429, { 'retry-after': '600' }).end('{"message":"slow down"}')
  else response.end('{}')
}
const ARGS = ['--retries', '0', '-o', 'r.jsonl', '-c', '1']

test('failures are grouped by code and host, the largest group first, with an example and the words of the server', async () => {
  const { run } = await workplace(api)
  const { stderr } = await run(['URL/down/{1..2}', 'URL/gone/{1..20}', 'URL/echo', ...ARGS])
  expect(stderr.split('\n').slice(0, 8)).toEqual([
    expect.stringMatching(/^20 × http\/404 from 127\.0\.0\.1:\d+$/),
    expect.stringMatching(/^ {2}such as GET \S+\/gone\/1: 404 Not Found \(http\/404\)$/),
    '  the server said: no person 1',
    expect.stringMatching(/^2 × http\/503 from 127\.0\.0\.1:\d+$/),
    expect.stringMatching(/^ {2}such as GET \S+\/down\/1: 503 Service Unavailable \(http\/503\)$/),
    String.raw`  the server said: \u001b[2Jdown`,
    expect.stringMatching(/^GET \S+\/echo: 401 Unauthorized \(http\/401\)$/),
    '  the server said: who is undefined?',
  ])
})

test('the example names its place in the input', async () => {
  const { run, write } = await workplace(api)
  write('in.txt', 'URL/ok\nURL/gone/1\nURL/gone/2\n')
  expect((await run(['-i', 'in.txt', ...ARGS])).stderr).toMatch(/^ {2}such as in\.txt:2: GET /m)
})

test('-v shows every failure with the body of its answer on one line', async () => {
  const { run } = await workplace(api)
  const { stderr } = await run(['URL/gone/{1..3}', 'URL/down', '-v', ...ARGS])
  expect(stderr.match(/^ {2}the server said: .*$/gm)).toEqual([
    ...[1, 2, 3].map(id => `  the server said: {"detail":"no person ${id}"}`),
    String.raw`  the server said: <title>\u001b[2Jdown</title>`,
  ])
})

test('a secret that the server echoes is not shown', async () => {
  const { run, text } = await workplace(api)
  const { stderr } = await run(['URL/echo', '--bearer', 'CANARY-0123456789', '-v', ...ARGS])
  expect(stderr).toContain('  the server said: who is ***?')
  expect(stderr + text('r.jsonl')).not.toContain('CANARY')
  expect(stderr).toContain('  the same command with --resume --retry-only 401\n')
})

describe('the next command', () => {
  test('follows the summary, whole and for each kind of failure, and sends only the right rows', async () => {
    const { run, server } = await workplace(api)
    const { stderr } = await run(['URL/down', 'URL/gone/{1..2}', 'URL/echo', ...ARGS])
    const begun = `preq ${server.url}/down '${server.url}/gone/{1..2}' ${server.url}/echo --retries 0 -o r.jsonl -c 1 --resume`
    expect(stderr.split(/in \d+\.\d s\n/)[1]).toBe(
      [
        'next, to see every failure with what the server said; nothing is sent:',
        `  ${begun} --verbose`,
        'next, to send these 2 again, with that status accepted as ok (404):',
        `  ${begun} --retry-only 404 --accept 2xx,404`,
        'next, to send this one again (5xx):',
        `  ${begun} --retry-only 5xx`,
        'next, to send this one again, once the credentials are correct (401):',
        `  ${begun} --retry-only 401`,
        '',
      ].join('\n'),
    )
  })

  test('waits for a host that asked for a pause, for what was refused and for what was not sent', async () => {
    const { run } = await workplace(api)
    const { stderr } = await run(['URL/busy/{1..3}', '-c', '1', '-o', 'r.jsonl'])
    expect(stderr).toMatch(
      /^next, to send this one again, with a longer wait for the host \(429\):\n.* --retry-only 429 --max-retry-after (?:10m|9m\d+s|10m1s)$/m,
    )
    expect(stderr).toMatch(
      /^next, to wait until the host accepts requests again, and send the 2 that were not sent:\n.* --resume --max-retry-after (?:10m|9m\d+s|10m1s)$/m,
    )
  })

  test('is not shown after a success, nor with --quiet, nor without a run file', async () => {
    const { run } = await workplace(api)
    expect((await run(['URL/ok', ...ARGS])).stderr).not.toContain('next')
    expect((await run(['URL/gone/1', '--quiet', ...ARGS, '--overwrite'])).stderr).not.toContain('next')
    const { stderr } = await run(['URL/gone/1'])
    expect(stderr).toMatch(/ s\nTo be able to send only the failures again, start the run with -o FILE\.jsonl\.\n$/)
    expect(stderr).not.toContain('next')
  })

  test('is a record with --json-progress, as the groups are', async () => {
    const { run, server } = await workplace(api)
    const records = recordsOf((await run(['URL/gone/{1..2}', '--json-progress', ...ARGS])).stderr)
    expect(records).toContainEqual({
      type: 'failures',
      code: 'http/404',
      host: new URL(server.url).host,
      count: 2,
      said: 'no person 1',
      example: expect.objectContaining({ index: 0, url: `${server.url}/gone/1`, status: 404 }),
    })
    expect(records.filter(({ type }) => type === 'failure')).toMatchObject([
      { said: 'no person 1' },
      { said: 'no person 2' },
    ])
    expect(records).toContainEqual(
      expect.objectContaining({ type: 'next', command: expect.stringContaining(' --retry-only 404 ') }),
    )
  })
})

test('a million failures of different hosts and codes are no more than a few hundred groups', () => {
  const failures = new Failures({ verbose: false, asRecords: false })
  for (let at = 0; at < 20_000; at++) {
    const outcome = failedOutcome(at, { url: `https://h${at}.test/` })
    failures.note({ ...outcome, error: makeError(fault(`dns/${at}`, 'no'), { attempts: 1, timings: { total: 1 } }) })
  }
  expect(failures.groups.length).toBeLessThan(400)
  expect(failures.groups.reduce((sum, { count }) => sum + count, 0)).toBe(20_000)
  expect(failures.lines().join('')).toMatch(/^19\d{3} × other codes\n/)
  expect(failures.lines().at(-1)).toMatch(/^… and \d+ more: /)
})

const TOLD = {
  timeoutMs: 30_000,
  connectMs: 10_000,
  headersMs: 30_000,
  idleMs: 5_000,
  totalMs: Infinity,
  pollMs: 600_000,
  accept: '2xx',
}

test.each([
  ['timeout/connect', 'timeout', [['connect-timeout', '20s']]],
  ['timeout/headers', 'timeout', [['timeout', '1m']]],
  ['timeout/body', 'timeout', [['idle-timeout', '10s']]],
  ['timeout/total', 'timeout', []],
  ['timeout/poll', 'timeout/poll', [['poll-deadline', '20m']]],
  ['poll/failed', 'poll/failed', []],
  ['timeout/low_speed', 'timeout', [['min-speed', '0B']]],
  ['http/502', '5xx', []],
  ['http/429', '429', [['max-retry-after', '15m']]],
  ['dns/not_found', 'dns', []],
  ['too_large/body', 'too_large', [['max-bytes', 'none']]],
  ['in_doubt/reset', 'in_doubt', [['unknown-writes', 'resend']]],
  ['redirect/downgrade', 'redirect', [['allow-downgrade', '']]],
  ['invalid_request/url', undefined, []],
] as const)('%s is sent again by %s with %j', (code, retry, flags) => {
  expect(adviceFor(code, TOLD, 0)).toMatchObject({ retry, flags })
})

test.each(['http/400', 'http/302', 'schema/mismatch', 'redirect/loop', 'blocked/permission', 'new/code', ''])(
  '%j has no command, because the same request fails again',
  code => {
    expect(adviceFor(code, TOLD, 0)).toBeUndefined()
  },
)
