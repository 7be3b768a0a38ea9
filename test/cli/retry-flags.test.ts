/** Flags for retries and timeouts, checked with a server that counts requests. */
import { describe, expect, test } from 'vitest'
import { endsOf, workplace } from './workplace.ts'
import type { Respond } from '../support/echo-server.ts'
import { blackHole } from '../support/dead-ends.ts'
import { expectFigure } from '../support/figure.ts'

const failing =
  (status: number, headers: Readonly<Record<string, string>> = {}): Respond =>
  (_echo, response) =>
    void response.writeHead(status, headers).end('{}')

/** The number of attempts of one request, and its result. */
async function asked(respond: Respond, args: readonly string[]): Promise<[count: number, end: string | undefined]> {
  const { run, server } = await workplace(respond)
  const { lines, stderr } = await run(['URL/a', '--backoff', '1ms', ...args])
  return [server.requests.length, endsOf(lines)[0] ?? stderr]
}

describe('A failure', () => {
  test.each<[string, number, string[], number]>([
    ['--retries times', 500, ['--retries', '2'], 3],
    ['never with --retries 0', 500, ['--retries', '0'], 1],
    ['never for POST', 500, ['-X', 'POST', '--retries', '2'], 1],
    [
      'for POST if --retry-methods includes it',
      500,
      ['-X', 'POST', '--retries', '2', '--retry-methods', 'get, post'],
      3,
    ],
    ['never for GET if --retry-methods omits it', 500, ['--retries', '2', '--retry-methods', 'PUT'], 1],
    ['never for 404', 404, ['--retries', '2'], 1],
    ['for 404 if --retry-statuses includes it', 404, ['--retries', '2', '--retry-statuses', '404,5xx'], 3],
    ['for 503 if --retry-statuses includes 5xx', 503, ['--retries', '2', '--retry-statuses', '404,5xx'], 3],
    ['never for 500 if --retry-statuses omits it', 500, ['--retries', '2', '--retry-statuses', '503'], 1],
    [
      'at most as often as --retry-reserve and --retry-share permit',
      500,
      ['--retries', '9', '--retry-reserve', '2', '--retry-share', '0'],
      3,
    ],
    [
      'without a budget with --retry-share none',
      500,
      ['--retries', '25', '--retry-share', 'none', '--max-backoff', '5ms'],
      26,
    ],
  ])('is retried as the flags say: %s', async (_what, status, args, times) => {
    expect(await asked(failing(status), args)).toEqual([times, `http/${status}`])
  })

  test('is retried after --backoff, which doubles up to --max-backoff', async () => {
    const { run, server } = await workplace(failing(500))
    // Full jitter: a wait of up to an hour is longer than the whole request but for one run in ten thousand.
    const args = ['URL/a', '--retries', '2', '--backoff', '1h', '--total-timeout', '300ms', '-q']
    await run([...args, '--max-backoff', '1h'])
    expect(server.requests).toHaveLength(1)
    await run(['URL/a', '--retries', '2', '--backoff', '1h', '--max-backoff', '1ms', '-q'])
    expect(server.requests).toHaveLength(1 + 3)
    expect((await run(['URL/a', '--backoff', '10'])).stderr).toContain("--backoff: expected a duration such as '10s'")
  })

  test('with a Retry-After longer than --max-retry-after is not retried; one of a second, the shortest, is waited for', async () => {
    const throttled = failing(429, { 'retry-after': '60' })
    expect(await asked(throttled, ['--max-retry-after', '1s'])).toEqual([1, 'http/429'])
    let count = 0
    const once: Respond = (_echo, response) =>
      void response.writeHead(count++ === 0 ? 429 : 200, { 'retry-after': '1' }).end('{}')
    expect(await asked(once, ['--max-retry-after', '5s'])).toEqual([2, 'ok'])
  })
})

describe('A request that takes too long', () => {
  const NEVER: Respond = () => undefined
  const HEAD_ONLY: Respond = (_echo, response) => void response.writeHead(200).write('{')
  const DRIPPING: Respond = (_echo, response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write(' '), 20)
    response.once('close', () => clearInterval(drip))
  }
  test.each<[string, Respond, string[], string]>([
    ['--timeout', NEVER, ['--timeout', '300ms'], 'timeout/headers'],
    ['-t, in the body', DRIPPING, ['-t', '300ms'], 'timeout/body'],
    ['--headers-timeout', NEVER, ['--headers-timeout', '300ms'], 'timeout/headers'],
    ['--idle-timeout', HEAD_ONLY, ['--idle-timeout', '300ms'], 'timeout/body'],
    ['--total-timeout', NEVER, ['--total-timeout', '300ms'], 'timeout/total'],
    ['--min-speed', DRIPPING, ['--min-speed', '1KiB/s', '--min-speed-over', '300ms'], 'timeout/low_speed'],
    [
      'nothing of --min-speed none',
      DRIPPING,
      ['--min-speed', 'none', '--min-speed-over', '100ms', '-t', '300ms'],
      'timeout/body',
    ],
  ])('is ended by %s', async (_what, respond, args, code) => {
    const { run } = await workplace(respond)
    const started = performance.now()
    const { lines, code: exit } = await run(['URL/a', '--retries', '0', ...args])
    expect([exit, endsOf(lines)]).toEqual([1, [code]])
    expectFigure(performance.now() - started).toBeLessThan(10_000)
  })

  test('is ended by --connect-timeout if no server answers', async () => {
    const { run } = await workplace()
    await using hole = await blackHole()
    const started = performance.now()
    const { lines } = await run([`http://127.0.0.1:${hole.port}/`, '--connect-timeout', '300ms', '--retries', '0'])
    expect(endsOf(lines)).toEqual(['timeout/connect'])
    // The default would be ten seconds.
    expectFigure(performance.now() - started).toBeLessThan(8_000)
  })
})

test.each([
  [['--retry-methods', 'GET;POST'], '--retry-methods: expected methods such as'],
  [['--retry-statuses', '5x'], '--retry-statuses: expected statuses such as'],
  [['--retry-share', 'much'], '--retry-share: expected a number ≥ 0'],
  [['--retry-reserve', '1.5'], '--retry-reserve: expected an integer ≥ 0'],
  [['--max-backoff', '10'], "--max-backoff: expected a duration such as '10s'"],
  [['--min-speed', '256'], "--min-speed: expected a size per second such as '1KiB'"],
  [['--min-speed-over', '30'], "--min-speed-over: expected a duration such as '10s'"],
  [['--total-timeout', '5'], "Write '5s' or '5ms'."],
])('a malformed retry or timeout flag is refused with a remedy: %j', async (args, why) => {
  const { run, server } = await workplace()
  const { code, stderr } = await run(['URL/a', ...args])
  expect([code, stderr, server.requests]).toEqual([2, expect.stringContaining(why), []])
})
