/** What a report says about a run. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { at, done, failed, note, runEnd, runFile, runStart } from './lines.ts'
import { dataOf, report } from '../../src/report/report.ts'
import { ParallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

describe('the data of a report', () => {
  test('counts requests by code, status and host', async () => {
    const path = runFile(
      onTestFinished,
      done(0),
      done(1, { url: 'http://other.example.org:81/x?y=1', status: 204 }),
      failed(2),
      failed(3, 'timeout/total', { attempts: 3 }),
    )
    const { counts, codes, statuses, hosts } = await dataOf(path)
    expect(counts).toEqual({ requests: 4, ok: 2, failed: 2, unsent: 0, inDoubt: 0, attempts: 6, retries: 2, bytes: 40 })
    expect(codes.map(({ code, count }) => [code, count])).toEqual([
      ['ok', 2],
      ['http/404', 1],
      ['timeout/total', 1],
    ])
    expect(statuses).toEqual({ 200: 1, 204: 1, 404: 1 })
    expect(hosts.map(({ host, requests, failed: bad }) => [host, requests, bad])).toEqual([
      ['https://api.example.com', 3, 2],
      ['http://other.example.org:81', 1, 0],
    ])
  })

  test('lets the last line of a request decide, and counts the attempts of all of them', async () => {
    const path = runFile(
      onTestFinished,
      failed(0),
      failed(1, 'http/503', { id: 'k:ann' }),
      done(2),
      done(0),
      done(1, { id: 'k:ann' }),
      failed(2, 'http/500'),
    )
    const { counts, codes, failures, source, hosts } = await dataOf(path)
    expect([counts.requests, counts.ok, counts.failed, counts.attempts]).toEqual([3, 2, 1, 6])
    expect(codes.map(({ code, count }) => [code, count])).toEqual([
      ['ok', 2],
      ['http/500', 1],
    ])
    expect(failures.map(({ id, code }) => [id, code])).toEqual([['#2', 'http/500']])
    expect(source.superseded).toBe(3)
    expect(hosts.map(({ ok, failed: bad }) => [ok, bad])).toEqual([[2, 1]])
  })

  test('counts a response once that was judged again', async () => {
    const path = runFile(onTestFinished, done(0), failed(0, 'follow/errors', { again: true }), done(1))
    const { counts, failures, source, timings } = await dataOf(path)
    expect(counts).toMatchObject({ requests: 2, ok: 1, failed: 1, attempts: 2, bytes: 20 })
    expect(failures.map(({ id, code }) => [id, code])).toEqual([['#0', 'follow/errors']])
    expect([source.superseded, timings['total']?.count]).toEqual([0, 2])
  })

  test('leaves out figures that no run has', async () => {
    const absurd = { attempts: 1e300, bytes: 1e300, timings: { total: 1e300, firstByte: -5, body: 2 } }
    const { counts, timings } = await dataOf(runFile(onTestFinished, done(0, absurd), done(1)))
    expect(counts).toMatchObject({ requests: 2, attempts: 1, bytes: 10 })
    expect(timings).toMatchObject({ total: { count: 1, max: 10 }, firstByte: { min: 8 }, body: { count: 2 } })
  })

  test('has statistics of each phase, and their shares', async () => {
    const timings = [10, 20, 30, 1_000].map(firstByte => ({ firstByte, limiter: 100, total: firstByte + 100 }))
    const path = runFile(onTestFinished, ...timings.map((times, index) => done(index, { timings: times })))
    const { timings: phases, phaseShares } = await dataOf(path)
    expect(Object.keys(phases)).toEqual(['limiter', 'firstByte', 'total'])
    expect(phases['firstByte']).toMatchObject({ count: 4, min: 10, mean: 265, max: 1_000 })
    expect(phases['firstByte']?.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(4)
    expect(phaseShares).toEqual({ limiter: 0.273_97, firstByte: 0.726_03 })
  })

  test('has throughput and concurrency over time, and pauses', async () => {
    const path = runFile(
      onTestFinished,
      runStart(0),
      done(0, { at: at(1_000), timings: { total: 1_000 } }),
      done(1, { at: at(1_000), timings: { total: 1_000 } }),
      note({ pause: 'https://api.example.com', from: at(1_000), to: at(1_500) }),
      failed(2, 'http/500', { at: at(2_000), timings: { total: 500 } }),
      runEnd(2_000),
    )
    const { series, pauses, run } = await dataOf(path)
    const sum = (values: readonly number[] = []): number => values.reduce((total, value) => total + value, 0)
    expect([sum(series?.done), sum(series?.failed), sum(series?.bytes)]).toEqual([3, 1, 30])
    expect(sum(series?.concurrency) * (series?.stepMs ?? 0)).toBeCloseTo(2_500)
    expect(series?.concurrency[0]).toBe(2)
    expect(pauses).toEqual([{ host: 'https://api.example.com', fromMs: 1_000, toMs: 1_500 }])
    expect(run.elapsedMs).toBe(2_000)
  })

  test('takes what the run says about itself', async () => {
    const shares = { rate: 0.93, server: 0.07 }
    const path = runFile(
      onTestFinished,
      runStart(),
      done(0),
      runEnd(1_000, { limitedBy: 'rate', shares, advice: 'rate 10/s was the limit' }),
    )
    const { run, notes } = await dataOf(path)
    expect(run).toMatchObject({ limitedBy: 'rate', shares, version: '0.2.0', cpuMs: 20, options: { concurrency: 20 } })
    expect(notes).toEqual([])
  })

  test('says what a file without lines about the run cannot tell', async () => {
    const { notes } = await dataOf(runFile(onTestFinished, done(0)))
    expect(notes).toEqual(['The file has no lines about the run itself, so what limited it is unknown.'])
    const running = await dataOf(runFile(onTestFinished, runStart(), done(0)))
    expect(running.notes).toEqual([
      'The file has no line for the end of the run, so what limited it is unknown: it was killed, or is still running.',
    ])
  })

  test('draws a run whose clock jumped, and one of several sessions, as if nothing had been', async () => {
    const day = 86_400_000
    const jumps = [0, 100, 30 * day, 30 * day + 100, -5 * day, 200].map((ms, index) => done(index, { at: at(ms) }))
    const { series, notes, run } = await dataOf(runFile(onTestFinished, runStart(), ...jumps))
    expect(run.elapsedMs).toBeLessThan(1_000)
    expect(series?.done.reduce((sum, count) => sum + count, 0)).toBe(6)
    expect(notes).toContain('The clock was set back once during the run: times after that are only relative.')
    const sessions = [
      runStart(),
      done(0),
      runEnd(1_000),
      runStart(day),
      done(1, { at: at(day + 500) }),
      runEnd(day + 600),
    ]
    const resumed = await dataOf(runFile(onTestFinished, ...sessions))
    expect(resumed.run).toMatchObject({ sessions: 2, elapsedMs: 600 })
    expect(resumed.notes).toContain('The run has 2 sessions. The time between them is left out.')
  })

  test('says of a collected batch how many workers have run it, and knows no cause', async () => {
    const batch = (fields: object): string => note({ run: { event: 'batch', at: at(0), batch: 'b1', ...fields } })
    const { notes, run } = await dataOf(runFile(onTestFinished, batch({ chunks: 1_200, workers: 3 }), done(0)))
    expect(notes).toEqual(['A batch of 1,200 chunks, run by 3 workers.', 'Workers do not record what limited a batch.'])
    expect(run.sessions).toBe(0)
    const unknown = await dataOf(runFile(onTestFinished, batch({ chunks: 1 }), done(0)))
    expect(unknown.notes[0]).toBe('A batch of 1 chunk.')
  })

  test('tells the time of a batch from its first request to its last, though its lines are in the order of the input', async () => {
    const batch = note({ run: { event: 'batch', at: at(0), batch: 'b1', chunks: 3, workers: 2 } })
    const lines = [9_000, 9_900, 5_000, 5_100, 14_900, 3_000_000].map((ms, index) => done(index, { at: at(ms) }))
    const { run, notes, series } = await dataOf(runFile(onTestFinished, batch, ...lines))
    expect(run.elapsedMs).toBeGreaterThanOrEqual(2_995_000)
    expect(run.elapsedMs).toBeLessThan(2_996_000)
    expect(run).toMatchObject({ startedAt: at(3_000_000 - (run.elapsedMs as number)), endedAt: at(3_000_000) })
    expect(series?.done.reduce((sum, count) => sum + count, 0)).toBe(6)
    expect(notes).toEqual(['A batch of 3 chunks, run by 2 workers.', 'Workers do not record what limited a batch.'])
    const continued = [runStart(4_000_000), done(6, { at: at(4_000_500) }), runEnd(4_001_000, { elapsedMs: 1_000 })]
    const { run: longer } = await dataOf(runFile(onTestFinished, batch, ...lines, ...continued))
    expect(longer.elapsedMs).toBe((run.elapsedMs as number) + 500)
  })

  test('counts unsafe requests without a result', async () => {
    const intent = { v: 2, index: 0, id: '#0', print: 'a', at: at(0), method: 'POST', url: 'https://api.example.com/' }
    const path = runFile(
      onTestFinished,
      note({ intent }),
      note({ intent: { ...intent, id: '#1' } }),
      note({ intent: { ...intent, id: '#2' } }),
      done(0),
      note({ intent: { ...intent, id: '#2', sent: false } }),
    )
    const { counts, hosts } = await dataOf(path)
    expect([counts.requests, counts.inDoubt]).toEqual([1, 1])
    expect(hosts.map(({ host }) => host)).toEqual(['https://api.example.com'])
  })

  test('has the reasons for retries, without redirect hops', async () => {
    const tries = [
      { at: at(0), status: 302, delay: 0, timings: { total: 5 } },
      { at: at(10), status: 503, delay: 5, timings: { total: 5 }, url: 'https://api.example.com/a' },
      { at: at(100), code: 'network/reset', delay: 85, timings: { total: 5 }, url: 'https://api.example.com/a' },
      { at: at(200), status: 200, delay: 95, timings: { total: 5 }, url: 'https://api.example.com/a' },
    ]
    const { counts, retriedFor, slowest } = await dataOf(runFile(onTestFinished, done(0, { attempts: 4, tries })))
    expect(counts.retries).toBe(2)
    expect(retriedFor).toEqual([
      { reason: 'http/503', count: 1 },
      { reason: 'network/reset', count: 1 },
    ])
    expect(slowest[0]?.tries?.map(({ startMs }) => startMs)).toEqual([0, 10, 100, 200])
  })

  test('lists failures of every code, however many one of them has', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) =>
      failed(index, 'http/404', { url: `https://h${index % 100}.example.com/` }),
    )
    const { failures, notes } = await dataOf(runFile(onTestFinished, ...many, failed(3_000, 'parse/json')))
    expect(failures.length).toBe(500)
    expect(failures.some(({ code }) => code === 'parse/json')).toBe(true)
    expect(notes).toContain('500 of 3,001 failures are listed, some of every code and host.')
  })

  test('bounds hosts, codes and long texts', async () => {
    const long = 'x'.repeat(100_000)
    const lines = Array.from({ length: 1_500 }, (_, index) =>
      failed(index, `odd/${index}`, { url: `https://h${index}.example.com/${long.slice(0, 2_000)}` }),
    )
    const error = { code: 'http/500', message: long, body: long }
    const data = await dataOf(runFile(onTestFinished, ...lines, failed(1_500, 'http/500', { error, key: long })))
    expect([data.hosts.length, data.codes.length]).toEqual([200, 100])
    expect(data.hosts.reduce((sum, { failed: bad }) => sum + bad, 0)).toBe(1_501)
    expect(JSON.stringify(data).length).toBeLessThan(2_000_000)
  })
})

describe('the report of outcomes', () => {
  const client = new ParallelRequests({
    transport: mockTransport(({ url }) => (url.includes('/1?') ? { status: 404, json: {} } : { json: { ok: 1 } })),
  })
  const urls = ['0', '1', '2'].map(name => `https://api.example.com/${name}?token=s3cr3t`)

  test.each([
    ['an array', async () => report(await client.request(urls, { onFailure: 'settle' }), { format: 'text' })],
    ['a stream', () => report(client.stream(urls), { format: 'text' })],
  ])('reads %s', async (_, make) => {
    const text = await make()
    expect(text).toContain('2 of 3 requests succeeded (66.7 %), 1 failed.')
    expect(text).toContain('Outcomes do not say what limited the run.')
    expect(text).not.toContain('s3cr3t')
  })
})

describe('the options of a report', () => {
  test.each([
    [42, {}, 'report: expected the path of a run file, or outcomes, got 42.'],
    ['', {}, 'report: expected the path of a run file, or outcomes, got "".'],
    [[{ stars: 7 }], {}, 'report: expected outcomes, got an object (Object).'],
    [[], { format: 'pdf' }, "format: expected one of 'html', 'text', 'json', 'csv', 'markdown', got \"pdf\"."],
    [[], { fromat: 'html' }, 'fromat: expected no such option, got one.'],
  ])('refuses %j with %j', async (source, options, message) => {
    await expect(report(source as never, options as never)).rejects.toThrow(message)
  })
})
