/** The summary of a run: counts that add up, unsent requests and how to send them, warnings, hosts. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import type { Respond } from '../support/echo-server.ts'

/** Answers 404 for URLs that contain `fail`. */
const partly: Respond = ({ url }, response) => void response.writeHead(url.includes('fail') ? 404 : 200).end('{}')
/** Answers each URL with 503 this many times, then with 200. */
function failingFirst(times: number): Respond {
  const counts = new Map<string, number>()
  return ({ url }, response) => {
    const count = (counts.get(url) ?? 0) + 1
    counts.set(url, count)
    response.writeHead(count > times ? 200 : 503).end('{}')
  }
}

describe('An exhausted retry budget', () => {
  const args = ['URL/{1..20}', '--retries', '10', '--backoff', '1ms', '-c', '20']

  test('is the reason of every failure that it caused, in JSON lines, the run file and on standard error', async () => {
    const { run, linesIn, server } = await workplace(failingFirst(2))
    const { code, stderr } = await run([...args, '-o', 'r.jsonl', '-o', '-'])
    expect(code).toBe(1)
    // A reserve of ten, and one retry for every five requests: all were used.
    expect(server.requests.length).toBe(20 + 14)
    for (const { ok, error } of linesIn('r.jsonl')) {
      if (!ok) expect(error?.message).toMatch(/503 Service Unavailable; not retried: the retry budget of its host/)
    }
    expect(stderr).toMatch(/GET .*: 503 Service Unavailable; not retried: the retry budget of its host is spent/)
    expect(stderr).toMatch(/^warning, \d+ requests: not retried: the retry budget of its host is spent/m)
    expect(stderr).toContain('--retry-reserve')
  })

  test('does not occur with --retry-reserve none', async () => {
    const { run } = await workplace(failingFirst(2))
    expect(await run([...args, '--retry-reserve', 'none'])).toMatchObject({ code: 0 })
  })

  test('is also reported in a resumed run', async () => {
    const { run } = await workplace(failingFirst(2))
    await run([...args, '-o', 'r.jsonl', '--resume'])
    expect((await run([...args, '-o', 'r.jsonl', '--resume'])).stderr).toContain('not retried: the retry budget')
  })
})

test('a pause that is too long is reported by the request whose answer asked for it', async () => {
  const { run } = await workplace((_echo, response) => void response.writeHead(429, { 'retry-after': '3600' }).end())
  const { stderr } = await run(['URL/a'])
  expect(stderr).toMatch(/429 Too Many Requests; not retried: its host asked for a pause of 1h.*, and .* is 2m/)
})

describe('-q', () => {
  test('shows only failures', async () => {
    const { run } = await workplace(partly)
    const { stderr } = await run(['URL/a', 'URL/fail', '-q'])
    expect(stderr).toMatch(/^GET .*\/fail: 404 Not Found \(http\/404\)\n$/)
    expect((await run(['URL/{1..20}?fail', '-q'])).stderr).toMatch(
      /^20 × http\/404 from 127\.0\.0\.1:\d+\n {2}such as GET \S+: 404 Not Found \(http\/404\)\n$/,
    )
  })
})

describe('-v', () => {
  test('shows the results of every host at the end', async () => {
    const { run, server } = await workplace(partly)
    const other = `http://localhost:${server.port}`
    const { stderr } = await run(['URL/a', 'URL/b', 'URL/fail', `${other}/a`, '-v'])
    expect(stderr).toMatch(/^127\.0\.0\.1:\d+: 2 ok, 1 failed, 0 retries, 6 bytes$/m)
    expect(stderr).toMatch(/^localhost:\d+: 1 ok, 0 failed, 0 retries, 2 bytes$/m)
  })
})
