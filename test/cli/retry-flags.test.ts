/** What flags say of retries and time; a server tells how often it was asked. */
import { describe, expect, test } from 'vitest'
import { endsOf, workplace } from './workplace.ts'
import type { Respond } from '../support/echo-server.ts'
import { blackHole } from '../support/dead-ends.ts'
import { expectFigure } from '../support/figure.ts'

const failing =
  (status: number, headers: Readonly<Record<string, string>> = {}): Respond =>
  (_echo, response) =>
    void response.writeHead(status, headers).end('{}')

/** How often the server was asked for one request, and what came of it. */
async function asked(respond: Respond, args: readonly string[]): Promise<[count: number, end: string | undefined]> {
  const { run, server } = await workplace(respond)
  const { lines, stderr } = await run(['URL/a', '--backoff', '1ms', ...args])
  return [server.requests.length, endsOf(lines)[0] ?? stderr]
}

describe('A failure', () => {
  test.each<[string, number, string[], number]>([
    ['--retries of them', 500, ['--retries', '2'], 3],
    ['none with --retries 0', 500, ['--retries', '0'], 1],
    ['no POST', 500, ['-X', 'POST', '--retries', '2'], 1],
    ['a POST where --retry-methods says so', 500, ['-X', 'POST', '--retries', '2', '--retry-methods', 'get, post'], 3],
    ['no GET where --retry-methods leaves it out', 500, ['--retries', '2', '--retry-methods', 'PUT'], 1],
    ['no 404', 404, ['--retries', '2'], 1],
    ['a 404 where --retry-statuses says so', 404, ['--retries', '2', '--retry-statuses', '404,5xx'], 3],
    ['a 503 among 5xx', 503, ['--retries', '2', '--retry-statuses', '404,5xx'], 3],
    ['no 500 where --retry-statuses leaves it out', 500, ['--retries', '2', '--retry-statuses', '503'], 1],
    [
      'no more than --retry-reserve and --retry-share allow',
      500,
      ['--retries', '9', '--retry-reserve', '2', '--retry-share', '0'],
      3,
    ],
    [
      'any number where --retry-share is none',
      500,
      ['--retries', '25', '--retry-share', 'none', '--max-backoff', '5ms'],
      26,
    ],
  ])('is repeated: %s.', async (_what, status, args, times) => {
    expect(await asked(failing(status), args)).toEqual([times, `http/${status}`])
  })

  test('is repeated after --backoff, which doubles up to --max-backoff.', async () => {
    const stamps: number[] = []
    const { run } = await workplace((_echo, response) => {
      stamps.push(performance.now())
      response.writeHead(500).end()
    })
    const gapsOf = async (...args: string[]): Promise<number> => {
      stamps.length = 0
      await run(['URL/{1..30}', '--retries', '2', '--retry-share', 'none', '-c', '100', ...args])
      return Math.max(...stamps) - Math.min(...stamps)
    }
    // Full jitter: of thirty at least one waits more than a tenth of what it may.
    expectFigure(await gapsOf('--backoff', '3s', '--max-backoff', '20ms')).toBeLessThan(2_000)
    expect(await gapsOf('--backoff', '1s', '--max-backoff', '1s')).toBeGreaterThan(300)
    expect((await run(['URL/a', '--backoff', '10'])).stderr).toContain("--backoff: expected a duration such as '10s'")
  })

  test('that asks for more patience than --max-retry-after is not waited for.', async () => {
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
      ['--min-speed', 'none', '--min-speed-over', '300ms', '-t', '1500ms'],
      'timeout/body',
    ],
  ])('ends by %s.', async (_what, respond, args, code) => {
    const { run } = await workplace(respond)
    const started = performance.now()
    const { lines, code: exit } = await run(['URL/a', '--retries', '0', ...args])
    expect([exit, endsOf(lines)]).toEqual([1, [code]])
    expectFigure(performance.now() - started).toBeLessThan(10_000)
  })

  test('ends by --connect-timeout where nobody answers.', async () => {
    const { run } = await workplace()
    await using hole = await blackHole()
    const started = performance.now()
    const { lines } = await run([`http://127.0.0.1:${hole.port}/`, '--connect-timeout', '300ms', '--retries', '0'])
    expect(endsOf(lines)).toEqual(['timeout/connect'])
    // By default it would be ten seconds.
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
])('What cannot be read is refused with its remedy: %j.', async (args, why) => {
  const { run, server } = await workplace()
  const { code, stderr } = await run(['URL/a', ...args])
  expect([code, stderr, server.requests]).toEqual([2, expect.stringContaining(why), []])
})
