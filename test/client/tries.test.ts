/** `outcome.tries`: what each attempt did, for requests with more than one. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ParallelRequests, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { AttemptContext, Outcome } from '../../src/index.ts'
import { jsonLines } from '../../src/sinks/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { HASTY, TRUST, ask } from '../support/ask.ts'
import { h2Server, replying } from '../support/h2-server.ts'
import { folder } from '../support/run-lines.ts'
import { threadServer } from '../support/thread-server.ts'
import { troubleServer } from '../support/trouble-server.ts'

const again = { maxRetries: 4, retry: HASTY } as const
/** Status or code of each try. */
const seen = ({ tries }: Outcome): unknown => tries?.map(({ status, code }) => code ?? status)

describe('tries of an outcome', () => {
  test('are absent with one attempt, whatever its result', async () => {
    const { url } = await troubleServer()
    for (const path of ['/ok', '/status/404', '/status/500', '/to/ok?once']) {
      const outcome = await ask(`${url}${path}`, { followRedirects: false })
      expect([path, 'tries' in outcome, outcome.attempts]).toEqual([path, false, 1])
    }
    expect('tries' in (await ask('http://127.0.0.1:1/'))).toBe(false)
    expect('tries' in (await ask('no url'))).toBe(false)
  })

  test('have the status of each retried response, the delay before each and its phases', async () => {
    const { url } = await troubleServer()
    const outcome = await ask(`${url}/flaky/2`, again)
    expect(seen(outcome)).toEqual([503, 503, 200])
    const [first, second, third] = outcome.tries ?? []
    expect(first?.delay).toBe(0)
    expect(first?.timings.connect).toBeGreaterThan(0)
    expect(second?.delay).toBeGreaterThan(0)
    expect(third?.timings.firstByte).toBeGreaterThan(0)
    expect(third?.timings.connect).toBeUndefined()
    expect(third?.timings.total).toBeGreaterThan(0)
    expect(Object.keys(first ?? {})).not.toContain('url')
    expect(outcome.tries?.map(({ at }) => at).toSorted()).toEqual(outcome.tries?.map(({ at }) => at))
    expect(first?.at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  test('have the code of each failed attempt, the last one included', async () => {
    const { url } = await troubleServer()
    expect(seen(await ask(`${url}/cut/1`, again))).toEqual(['reset/before_headers', 200])
    const lost = await ask(`${url}/cut/9`, { ...again, maxRetries: 2 })
    expect(seen(lost)).toEqual(['reset/before_headers', 'reset/before_headers', 'reset/before_headers'])
    expect(lost.attempts).toBe(3)
  })

  test('have the URL of each redirect hop and of its retries, with secrets redacted', async () => {
    const { url } = await troubleServer()
    const outcome = await ask(`${url}/to/flaky/1?token=s3cret`, again)
    expect(seen(outcome)).toEqual([302, 503, 200])
    expect(outcome.tries?.map(one => one.url)).toEqual([
      undefined,
      `${url}/flaky/1?token=***`,
      `${url}/flaky/1?token=***`,
    ])
    expect(JSON.stringify({ ...outcome, value: undefined })).not.toContain('s3cret')
  })

  test('count a first 200 that a hook retries', async () => {
    const { url } = await troubleServer()
    const hooks = {
      afterResponse: (_: unknown, context: AttemptContext) => (context.attempt === 1 ? context.retry() : undefined),
    }
    expect(seen(await ask(`${url}/ok`, { ...again, hooks }))).toEqual([200, 200])
    const shouldRetry = ({ attempt }: { attempt: number }): boolean => attempt < 3
    expect(seen(await ask(`${url}/ok?2`, { ...again, retry: { ...HASTY, shouldRetry } }))).toEqual([200, 200, 200])
    expect('tries' in (await ask(`${url}/ok?3`, { hooks: { afterResponse: () => undefined } }))).toBe(false)
  })

  test('have the attempt on a stale connection and its repetition', async () => {
    let answered = 0
    const transport = mockTransport(() => (++answered === 1 ? { fault: 'reset/before_headers' } : { json: 1 }))
    const outcome = await ask('http://a.test/', { transport, maxRetries: 1 })
    expect(seen(outcome)).toEqual(['reset/before_headers', 200])
  })

  test('leave out an attempt that did not count, so they are as many as `attempts`', async () => {
    let answered = 0
    const transport = mockTransport(() => (++answered < 3 ? { fault: 'connect/preempted' } : { status: 404 }))
    const outcome = await ask('http://a.test/', { transport })
    expect([answered, outcome.attempts, 'tries' in outcome]).toEqual([3, 1, false])
  })

  test('end with the last attempt that was sent if the request is aborted in its back-off', async () => {
    const { url } = await troubleServer()
    const given = { maxRetries: 4, retry: { backoff: () => '1h' }, timeouts: { total: '150ms' } } as const
    const outcome = await ask(`${url}/flaky/9`, given)
    expect([outcome.attempts, 'tries' in outcome]).toEqual([1, false])
  })

  test('have a timeout with its phase, and a total as long as the timeout', async () => {
    const { url } = await troubleServer()
    const outcome = await ask(`${url}/hang`, { maxRetries: 1, timeouts: { headers: '120ms' }, retry: HASTY })
    expect(seen(outcome)).toEqual(['timeout/headers', 'timeout/headers'])
    expect(outcome.tries?.[0]?.timings.total).toBeGreaterThanOrEqual(100)
  })

  test('are the first ten and the last ninety of more than a hundred', async () => {
    const transport = mockTransport(({ attempt }) => ({ status: attempt <= 150 ? 500 : 200, json: 1 }))
    const retry = { backoff: () => 1, budget: { reserve: Infinity } }
    const outcome = await ask('http://a.test/', { transport, maxRetries: 200, retry })
    expect([outcome.attempts, outcome.tries?.length]).toEqual([151, 100])
    expect(seen(outcome)).toEqual([...Array<number>(99).fill(500), 200])
    const times = outcome.tries?.map(({ at }) => Date.parse(at)) ?? []
    expect(Math.max(...times.slice(0, 10))).toBeLessThanOrEqual(Math.min(...times.slice(10)))
  })

  test('are the same over HTTP/2, with worker threads and in the blocking call', async () => {
    const h2 = await h2Server({ answers: [replying('{}', { ':status': '503' }), replying()] })
    const overH2 = await ask(`https://127.0.0.1:${h2.port}/`, { ...again, ...TRUST, http2: true })
    await h2.close()
    expect(seen(overH2)).toEqual([503, 200])

    const { url } = await troubleServer()
    const client = new ParallelRequests({ ...again, workers: 2 })
    const threaded = await client.request([`${url}/flaky/1`, `${url}/cut/1`], { onFailure: 'settle' })
    await client.close()
    expect(threaded.map(seen)).toEqual([
      [503, 200],
      ['reset/before_headers', 200],
    ])
    expect(threaded[0]?.tries?.[1]?.timings.firstByte).toBeGreaterThan(0)

    const server = await threadServer()
    const [blocked] = parallelRequestsSync([`${server.url}/flaky?id=tries&until=3`], {
      ...again,
      onFailure: 'settle',
    })
    await server.close()
    expect(seen(blocked as Outcome)).toEqual([503, 503, 200])
  })
})

describe('tries in files', () => {
  test('are written to the run file and to JSON lines, and restored with the outcome', async () => {
    const { url } = await troubleServer()
    const path = join(folder(), 'run.jsonl')
    const urls = [`${url}/flaky/1`, `${url}/ok`, `${url}/status/404`, `${url}/to/status/404`]
    const options = { ...again, resume: path, onFailure: 'settle' } as const
    const first = await parallelRequests(urls, options)
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter(line => line.includes('"ok":'))
    const written = lines.map(line => JSON.parse(line) as { index: number; tries?: unknown })
    expect(written.toSorted((a, b) => a.index - b.index).map(({ tries }) => tries)).toEqual(
      first.map(({ tries }) => tries),
    )
    expect(lines.find(line => line.includes('"index":0'))).toMatch(/"tries":\[.*\],"attempts":/)
    const second = await parallelRequests(urls, options)
    expect(second.map(({ source }) => source)).toEqual(Array(4).fill('run-file'))
    expect(second.map(({ tries }) => tries)).toEqual(first.map(({ tries }) => tries))
    expect(second.map(seen)).toEqual([[503, 200], undefined, undefined, [302, 404]])

    const rows = join(folder(), 'rows.jsonl')
    const client = new ParallelRequests(again)
    await client.drain([`${url}/flaky/1?b`, `${url}/ok?b`], { sink: jsonLines(rows) })
    await client.close()
    const [one, other] = readFileSync(rows, 'utf8').trim().split('\n').toSorted()
    expect([one, other].filter(line => line?.includes('"tries"'))).toHaveLength(1)
    expect(readFileSync(rows, 'utf8')).toMatch(/"tries":\[\{"at":"[^"]+","status":503,"delay":0,.*\],"attempts":2/)
  })

  test('that another program changed are not restored, and the outcome is', async () => {
    const { url } = await troubleServer()
    const path = join(folder(), 'run.jsonl')
    const options = { ...again, resume: path, onFailure: 'settle' } as const
    const [made] = await parallelRequests([`${url}/flaky/1`], options)
    expect(made?.tries).toHaveLength(2)
    const { recordedTries } = await import('../../src/client/run/run-line.ts')
    const line = JSON.parse(
      readFileSync(path, 'utf8')
        .split('\n')
        .find(text => text.includes('"ok":')) as string,
    ) as never
    for (const tries of [1, 'x', {}, [null], [{}], [{ at: 1 }], [{ at: '', delay: 0, timings: null }]]) {
      expect(recordedTries({ ...(line as object), tries } as never)).toBeUndefined()
    }
    expect(recordedTries(line)).toEqual(made?.tries)
  })
})
