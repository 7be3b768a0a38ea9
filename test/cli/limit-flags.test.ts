/** Flags for limits, checked with `preq plan` and with a server that counts concurrent requests. */
import { describe, expect, test } from 'vitest'
import { endsOf, workplace } from './workplace.ts'
import type { Respond } from '../support/echo-server.ts'
import { expectFigure } from '../support/figure.ts'

const HOLD_MS = 60
const slow: Respond = (_echo, response) => void setTimeout(() => response.end('{}'), HOLD_MS)

/** The line of a plan with the least duration. */
async function timeOf(args: readonly string[], rows?: string): Promise<string> {
  const { run, write } = await workplace()
  if (rows !== undefined) write('rows.csv', rows)
  const { stdout, stderr } = await run(['plan', ...args])
  return /^(?:at least|the limits) .*$/m.exec(stdout)?.[0] ?? `${stdout}${stderr}`
}

describe('A rate', () => {
  test.each([
    ['one rate', ['--rate', '10/s'], 'at least 3.9s (20 at once, 10/s)'],
    ['several rates', ['-r', '10/s', '-r', '100/m'], 'at least 3.9s (20 at once, 10/s, 100/m)'],
    ['with a burst', ['--rate', '10/s', '--rate-burst', '10'], 'at least 3s (20 at once, 10/s)'],
    ['per host', ['--per-host-rate', '20/s'], 'at least 1.9s (20 at once, 20/s per host)'],
    ['of one host', ['--host-limit', '127.0.0.1=40/s,3'], 'at least 975ms (20 at once)'],
    ['of another host', ['--host-limit', 'api.example.com=1/s'], 'the limits require no waiting (20 at once)'],
    ['of all hosts below a name', ['--host-limit', '*=4/s', '--host-limit', '*=2'], 'at least 9.8s (20 at once)'],
    ['of a budget', ['--budget', 'tokens=100/m', '--cost', 'tokens=5'], 'at least 1m (20 at once, 100/m of tokens)'],
    [
      'counting the cost without a budget',
      ['--rate', '10/s', '--rate-burst', '5', '--cost', '5'],
      'at least 19.5s (20 at once, 10/s)',
    ],
  ])('gives the least duration in a plan: %s, %j', async (_what, args, expected) => {
    expect(await timeOf(['URL/{1..40}', ...args])).toBe(expected)
  })

  test('counts per --limit-key, and a limit for one key replaces the others', async () => {
    expect(await timeOf(['URL/{1..40}', '--limit-key', 'all', '--per-host-rate', '1/s'])).toBe(
      'at least 39s (20 at once, 1/s per key)',
    )
    const rows = `account\n${'gold\n'.repeat(20)}${'Tin Can\n'.repeat(5)}`
    const args = ['URL/{account}', '-i', 'rows.csv', '--limit-key', '{account}', '--per-host-rate', '2/s']
    expect(await timeOf(args, rows)).toBe('at least 9.5s (20 at once, 2/s per key)')
    expect(await timeOf([...args, '--host-limit', 'gold=10/s'], rows)).toBe('at least 2s (20 at once, 2/s per key)')
    expect(await timeOf([...args, '--host-limit', 'gold=100/s', '--host-limit', 'Tin Can=1/s'], rows)).toBe(
      'at least 4s (20 at once, 2/s per key)',
    )
  })

  test('for a host or key without requests is reported by preq plan and in the summary', async () => {
    const { run, write } = await workplace()
    write('rows.csv', 'account\nann\nBob\n')
    const args = [
      'URL/{account}',
      '-i',
      'rows.csv',
      '--limit-key',
      '{account}',
      '--host-limit',
      'Bob=9',
      '--host-limit',
    ]
    expect((await run(['plan', ...args, 'goId=9/s'])).stdout).toContain(
      "--host-limit: no request has the host or key 'goId'\n",
    )
    const { code, stderr } = await run([...args, 'goId=9/s'])
    expect([code, stderr.match(/^warning: .*$/gm)]).toEqual([
      0,
      ["warning: --host-limit: no request had the host or key 'goId'"],
    ])
    const refused = await run(['URL/a', '--host-limit', 'Tin Can=9'])
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('--host-limit: expected a name such as'),
    ])
  })

  test('is kept per host and per key', async () => {
    const { run, server, write } = await workplace()
    write('rows.csv', 'account\nann\nann\nann\nbob\nbob\nbob\n')
    const started = performance.now()
    const args = ['URL/{account}', '-i', 'rows.csv', '--per-host-rate', '40/s']
    expect((await run([...args, '--limit-key', '{account}'])).code).toBe(0)
    const byKeyMs = performance.now() - started
    // Three requests per key take two intervals of 25 ms; six requests of one host would take five.
    expectFigure(byKeyMs).toBeGreaterThan(48)
    const again = performance.now()
    expect((await run(args)).code).toBe(0)
    expectFigure(performance.now() - again).toBeGreaterThan(123)
    expect(server.requests).toHaveLength(12)
  })
})

describe('The number of concurrent requests', () => {
  test.each([
    ['-c', ['-c', '3'], 3],
    ['--per-host', ['--per-host', '2'], 2],
    ['--host-limit', ['--host-limit', '127.0.0.1=4', '--per-host', '2'], 4],
    ['--max-concurrency', ['-c', 'auto', '--max-concurrency', '1'], 1],
  ])('is bounded by %s', async (_what, args, most) => {
    const { run, server } = await workplace(slow)
    expect((await run(['URL/{1..12}', '-q', ...args])).code).toBe(0)
    expect(server.mostAtOnce).toBe(most)
  })

  test('is bounded per --limit-key, and per host if the key is empty', async () => {
    const { run, server, write } = await workplace(slow)
    write('rows.csv', `account\n${['ann', 'bob', '""'].flatMap(name => Array<string>(6).fill(name)).join('\n')}\n`)
    const { code } = await run(['URL/a', '-i', 'rows.csv', '--limit-key', '{account}', '--per-host', '1'])
    expect([code, server.mostAtOnce]).toEqual([0, 3])
    const refused = await run(['URL/a', '-i', 'rows.csv', '--limit-key', '{acount}'])
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('Did you mean {account}?')])
  })

  test('is bounded by --window, because no more requests are read before the first are written', async () => {
    const { run, server } = await workplace(slow)
    expect((await run(['URL/{1..12}', '-q', '--window', '2'])).code).toBe(0)
    expect(server.mostAtOnce).toBe(2)
  })
})

describe('A cost', () => {
  test('may be a column, and a cell that is not a number or exceeds the budget fails only its row', async () => {
    const { run, write } = await workplace()
    write('rows.csv', 'id,n\na,3\nb,many\nc,11\n')
    const args = ['URL/{id}', '-i', 'rows.csv', '--budget', 'tokens=10/s', '--cost', 'tokens={n}']
    const { code, lines } = await run(args)
    expect([code, endsOf(lines)]).toEqual([1, ['ok', 'invalid_request/cost', 'invalid_request/cost']])
  })

  test.each([
    [
      ['--budget', 'tokens=10/s', '--cost', 'token=1'],
      "--cost: expected the name of a --budget, got 'token'. Did you mean 'tokens'?",
    ],
    [['--cost', 'tokens=1'], "--cost: expected the name of a --budget, got 'tokens'. Add --budget tokens=N/UNIT."],
    [['--budget', 'a=10/s', '--cost', 'a=1', '--cost', '2'], '--cost: expected names where there are several'],
    [['--cost', 'much'], '--cost: expected a number ≥ 0'],
    [['--budget', 'tokens'], '--budget: expected a name and its rate such as'],
    [['--budget', 'tokens=10'], '--budget: expected a rate such as'],
    [['--host-limit', 'https://x.com=2'], '--host-limit: expected a host and its limits such as'],
    [['--host-limit', 'x.com=2,3'], '--host-limit: expected one number at once'],
    [['--host-limit', 'x.com=2/'], '--host-limit: expected a rate such as'],
    [['--max-concurrency', '0', '-c', 'auto'], '--max-concurrency: expected an integer ≥ 1'],
    [['--breaker-window', '10'], '--breaker-window: expected a duration such as'],
    [['--breaker-failures', 'none'], '--breaker-failures: expected an integer ≥ 1'],
  ])('or a limit that is malformed is refused before anything is sent: %j', async (args, why) => {
    const { run, server } = await workplace()
    const { code, stderr } = await run(['URL/a', ...args])
    expect([code, stderr, server.requests]).toEqual([2, expect.stringContaining(why), []])
  })
})

/** Nothing is left of the quota, and it is renewed in an hour. */
const SPENT = { ratelimit: '"default";r=0;t=3600', 'ratelimit-policy': '"default";q=1;w=3600' }

describe('A host', () => {
  test('that publishes an empty quota for an hour still gets requests with --ignore-server-limits', async () => {
    const { run, server } = await workplace((_echo, response) => void response.writeHead(200, SPENT).end('{}'))
    // Without the flag it would end after minutes: limit-flags-process.test.ts.
    expect((await run(['URL/{1..2}', '-c', '1', '--ignore-server-limits'])).code).toBe(0)
    expect(server.requests).toHaveLength(2)
  })

  test('that keeps failing gets no more requests with --breaker, as its settings say', async () => {
    const { run, server } = await workplace((_echo, response) => void response.writeHead(500).end())
    const args = ['URL/{1..20}', '-c', '1', '--retries', '0', '--order', 'input']
    const codes = async (...more: string[]): Promise<string[]> => endsOf((await run([...args, ...more])).lines)
    expect(new Set(await codes())).toEqual(new Set(['http/500']))
    // What was not sent has no line.
    expect(await codes('--breaker')).toEqual(Array.from({ length: 5 }, () => 'http/500'))
    const sooner = await codes('--breaker-failures', '2', '--breaker-window', '1m', '--breaker-cooldown', '1h')
    expect(sooner).toEqual(['http/500', 'http/500'])
    expect(server.requests).toHaveLength(20 + 5 + 2)
  })
})
