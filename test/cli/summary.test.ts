/** What is said at the end of a run: counts that add up, what was not done and how to do it, warnings, hosts. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import type { Respond } from '../support/echo-server.ts'

/** 404 for what `fail` is part of. */
const partly: Respond = ({ url }, response) => void response.writeHead(url.includes('fail') ? 404 : 200).end('{}')
/** 503 as often, then 200; URL by URL. */
function failingFirst(times: number): Respond {
  const counts = new Map<string, number>()
  return ({ url }, response) => {
    const count = (counts.get(url) ?? 0) + 1
    counts.set(url, count)
    response.writeHead(count > times ? 200 : 503).end('{}')
  }
}

const SLOW = ['URL/slow/{300..349}', '-c', '4']
const summaryOf = (stderr: string): string => stderr.split('\n').find(line => / ok, \d+ failed/.test(line)) ?? stderr

/** Adds up what the summary names. */
const sumOf = (summary: string): number =>
  [...summary.replace(/ in .*$/, '').matchAll(/(\d+) (?:ok|failed|given up|not sent)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )

describe('The summary of a run that was interrupted', () => {
  test.each([
    [['-o', 'r.jsonl'], 'The same command with --resume goes on from here.'],
    [['-o', 'r.jsonl', '--overwrite'], 'The same command with --resume in place of --overwrite goes on from here.'],
    [['-o', 'r.jsonl', '--resume'], 'The same command again goes on from here.'],
    [['-o', 'r.csv'], 'To be able to go on, begin a run with -o FILE.jsonl --resume.'],
  ])('names all of its requests, and how to go on: %j.', async (to, remedy) => {
    const { start, server } = await workplace()
    const running = start([...SLOW, ...to])
    await expect.poll(() => server.requests.length).toBeGreaterThan(4)
    running.child.kill('SIGINT')
    const { code, stderr } = await running.finished
    const summary = summaryOf(stderr)
    expect(code).toBe(130)
    expect(summary).toMatch(/^\d+ ok, 0 failed, \d+ not sent in/)
    expect(sumOf(summary)).toBe(50)
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(remedy)
  })

  test('says what was given up under way, and that there is more where nobody has counted.', async () => {
    const { start, server, write, text } = await workplace()
    write('ids.csv', `id\n${Array.from({ length: 2_000 }, (_, at) => at).join('\n')}\n`)
    const running = start(['URL/slow/60000?id={id}', '-i', 'ids.csv', '-c', '4', '-o', 'r.csv'])
    await expect.poll(() => server.mostAtOnce).toBe(4)
    running.child.kill('SIGTERM')
    const { code, stderr } = await running.finished
    expect(code).toBe(143)
    expect(stderr).toMatch(/^0 ok, 0 failed, 4 given up under way, \d+ and the rest of the input not sent in/m)
    // What has not been done has no row.
    expect(text('r.csv').trim().split('\n')).toHaveLength(1)
  })

  test('says the same after --fail-fast, and nothing of it where all was done.', async () => {
    const { run } = await workplace(partly)
    const { code, stderr } = await run(['URL/fail', 'URL/{1..99}', '-c', '1', '--fail-fast', '-o', 'r.jsonl'])
    expect([code, sumOf(summaryOf(stderr))]).toEqual([1, 100])
    expect(stderr).toMatch(/, \d\d not sent in .*\nThe same command with --resume goes on from here\.\n$/)
    const whole = await run(['URL/{1..9}', 'URL/fail', '-c', '1', '--fail-fast', '-o', 's.jsonl'])
    expect(summaryOf(whole.stderr)).toMatch(/^9 ok, 1 failed in/)
    expect(whole.stderr).not.toContain('The same command')
  })

  test('counts what came from the run file among the others.', async () => {
    const { run } = await workplace(partly)
    await run(['URL/{1..3}', 'URL/fail', '-o', 'r.jsonl', '--resume'])
    const { stderr } = await run(['URL/{1..3}', 'URL/fail', 'URL/more', '-o', 'r.jsonl', '--resume'])
    expect(summaryOf(stderr)).toMatch(/^4 ok, 1 failed \(4 of them from before\) in/)
  })
})

describe('A retry budget that is spent', () => {
  const args = ['URL/{1..20}', '--retries', '10', '--backoff', '1ms', '-c', '20']

  test('is the reason in every failure that it left, in lines, in the run file and on standard error.', async () => {
    const { run, linesIn, server } = await workplace(failingFirst(2))
    const { code, stderr } = await run([...args, '-o', 'r.jsonl', '-o', '-'])
    expect(code).toBe(1)
    // Ten, and one for every five requests: each of them was taken.
    expect(server.requests.length).toBe(20 + 14)
    for (const { ok, error } of linesIn('r.jsonl')) {
      if (!ok) expect(error?.message).toMatch(/503 Service Unavailable; not repeated: the retry budget of its host/)
    }
    expect(stderr).toMatch(/GET .*: 503 Service Unavailable; not repeated: the retry budget of its host is spent/)
    expect(stderr).toMatch(/^warning, \d+ requests: not repeated: the retry budget of its host is spent/m)
    expect(stderr).toContain('--retry-reserve')
  })

  test('is lifted by --retry-reserve none.', async () => {
    const { run } = await workplace(failingFirst(2))
    expect(await run([...args, '--retry-reserve', 'none'])).toMatchObject({ code: 0 })
  })

  test('is told of a run that is gone on with, too.', async () => {
    const { run } = await workplace(failingFirst(2))
    await run([...args, '-o', 'r.jsonl', '--resume'])
    expect((await run([...args, '-o', 'r.jsonl', '--resume'])).stderr).toContain('not repeated: the retry budget')
  })
})

test('A pause that is too long to wait for is named by the request that heard of it.', async () => {
  const { run } = await workplace((_echo, response) => void response.writeHead(429, { 'retry-after': '3600' }).end())
  const { stderr } = await run(['URL/a'])
  expect(stderr).toMatch(/429 Too Many Requests; not repeated: its host asked for a pause of 1h.*, and .* is 2m/)
})

describe('-q', () => {
  test('shows failures and nothing else.', async () => {
    const { run } = await workplace(partly)
    const { stderr } = await run(['URL/a', 'URL/fail', '-q'])
    expect(stderr).toMatch(/^GET .*\/fail: 404 Not Found \(http\/404\)\n$/)
    expect((await run(['URL/{1..20}?fail', '-q'])).stderr).toMatch(/\n… and 10 more: 20 http\/404\n$/)
  })
})

describe('-v', () => {
  test('shows every host at the end, with what came of it.', async () => {
    const { run, server } = await workplace(partly)
    const other = `http://localhost:${server.port}`
    const { stderr } = await run(['URL/a', 'URL/b', 'URL/fail', `${other}/a`, '-v'])
    expect(stderr).toMatch(/^127\.0\.0\.1:\d+: 2 ok, 1 failed, 0 repeats, 6 bytes$/m)
    expect(stderr).toMatch(/^localhost:\d+: 1 ok, 0 failed, 0 repeats, 2 bytes$/m)
  })
})
