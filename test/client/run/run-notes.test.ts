/** The lines of a run file about the run itself, and that nothing depends on them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ParallelRequests, parallelRequests } from '../../../src/index.ts'
import type { Outcome } from '../../../src/index.ts'
import { mockTransport } from '../../../src/testing/index.ts'
import type { MockHandler } from '../../../src/testing/index.ts'
import { echoServer } from '../../support/echo-server.ts'
import { endsOf, newRun, urlsTo } from '../../support/resumed.ts'

type Line = Readonly<Record<string, unknown>> & { readonly run?: Readonly<Record<string, unknown>> }

const linesOf = (path: string): Line[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Line)

const kindsOf = (path: string): string[] =>
  linesOf(path).map(line =>
    line.run === undefined ? (Object.keys(line)[0] as string) : `run ${String(line.run['event'])}`,
  )

const ok: MockHandler = () => ({ json: 1 })

async function send(urls: readonly string[], resume: string, handler = ok, options = {}): Promise<Outcome[]> {
  const transport = mockTransport(handler)
  return parallelRequests(urls, { transport, resume, onFailure: 'settle', ...options })
}

describe('a run file', () => {
  test('says with what options a run began, and how it ended', async () => {
    const path = newRun()
    await send(urlsTo(2), path, ok, {
      rateLimit: '10/s',
      perHost: { concurrency: 3 },
      timeout: '5s',
      headers: { authorization: 'Bearer canary' },
      concurrency: 7,
    })
    expect(kindsOf(path)).toEqual(['v', 'run start', 'v', 'v', 'run end'])
    const [salt, start, , , end] = linesOf(path)
    expect(salt).toHaveProperty('salt')
    expect(start).toEqual({
      run: {
        event: 'start',
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        total: 2,
        options: {
          concurrency: 7,
          rateLimit: '10/s',
          perHost: { concurrency: 3 },
          maxRetries: 3,
          timeout: '5s',
          window: 256,
          respectServerLimits: true,
        },
      },
      crc: expect.any(String),
    })
    expect(end?.run).toMatchObject({ event: 'end', elapsedMs: expect.any(Number), cpuMs: expect.any(Number) })
    expect(readFileSync(path, 'utf8')).not.toContain('canary')
  })

  test('gets no further line from a run that restores everything', async () => {
    const path = newRun()
    await send(urlsTo(2), path)
    const before = readFileSync(path, 'utf8')
    expect(endsOf(await send(urlsTo(2), path))).toEqual(['run-file:ok', 'run-file:ok'])
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  test('has a beginning and an end for each run that added to it', async () => {
    const path = newRun()
    await send(urlsTo(1), path)
    await send(urlsTo(2), path)
    expect(kindsOf(path)).toEqual(['v', 'run start', 'v', 'run end', 'run start', 'v', 'run end'])
  })

  test('says what streams and drains waited for, and which pauses hosts asked for', async () => {
    const path = newRun()
    const server = await echoServer((_, response) => {
      if (server.requests.length > 1) return void response.end('1')
      response.writeHead(429, { 'retry-after': '1' }).end()
    })
    const client = new ParallelRequests({ concurrency: 1 })
    const { statistics } = await client.drain([`${server.url}/1`, `${server.url}/2`], { resume: path })
    await client.close()
    expect(kindsOf(path)).toEqual(['v', 'run start', 'v', 'v', 'pause', 'run end'])
    const [, , , , pause, end] = linesOf(path)
    expect(pause).toMatchObject({ pause: new URL(server.url).host })
    expect(Date.parse(String(pause?.['to']))).toBeGreaterThan(Date.parse(String(pause?.['from'])))
    const { limitedBy } = statistics
    // The shares of the line end with the sending, those of the statistics when the consumer has taken everything.
    expect(end?.run).toMatchObject({ limitedBy, advice: expect.stringContaining('a pause that') as string })
    expect(limitedBy).toBe('pause')
  })

  test('has no pauses of hosts that only another batch of the client asks', async () => {
    const [own, other] = [newRun(), newRun()]
    const busy = await echoServer((_, response) => {
      if (busy.requests.length > 1) return void response.end('1')
      response.writeHead(429, { 'retry-after': '1' }).end()
    })
    const server = await echoServer((_, response) => void setTimeout(() => response.end('1'), 500))
    const client = new ParallelRequests()
    await Promise.all([
      client.drain([`${server.url}/1`, `${server.url}/2`], { resume: own }),
      client.drain([`${busy.url}/1`], { resume: other }),
    ])
    await client.close()
    expect(kindsOf(own)).not.toContain('pause')
    expect(kindsOf(other)).toContain('pause')
  })

  test('has no limit keys, which may be secrets', async () => {
    const path = newRun()
    const server = await echoServer((_, response) => {
      if (server.requests.length > 1) return void response.end('1')
      response.writeHead(429, { 'retry-after': '1' }).end()
    })
    const client = new ParallelRequests({ perHost: { rateLimit: '2/s' }, limitKey: () => 'canary' })
    const { statistics } = await client.drain([`${server.url}/1`, `${server.url}/2`, `${server.url}/3`], {
      resume: path,
    })
    await client.close()
    expect(kindsOf(path)).toContain('pause')
    expect(readFileSync(path, 'utf8') + JSON.stringify(statistics)).not.toContain('canary')
  })

  test('is resumed wherever it was torn', async () => {
    const path = newRun()
    const urls = urlsTo(3)
    await send(urls, path)
    const whole = readFileSync(path)
    const linesBefore = (bytes: number): number =>
      whole
        .subarray(0, bytes)
        .toString()
        .split('\n')
        .slice(0, -1)
        .filter(line => line.includes('"ok":true')).length
    for (let cut = whole.length; cut > 0; cut -= 7) {
      writeFileSync(path, whole.subarray(0, cut))
      const outcomes = await send(urls, path)
      expect(outcomes.filter(({ ok: isOk }) => isOk)).toHaveLength(3)
      expect(outcomes.filter(({ source }) => source === 'run-file')).toHaveLength(linesBefore(cut))
      // What was torn is gone, and the next run finds everything.
      expect(endsOf(await send(urls, path))).toEqual(['run-file:ok', 'run-file:ok', 'run-file:ok'])
    }
  })

  test('is resumed without these lines', async () => {
    const path = newRun()
    await send(urlsTo(2), path)
    const kept = readFileSync(path, 'utf8')
      .split('\n')
      .filter(line => !line.startsWith('{"run"'))
    writeFileSync(path, kept.join('\n'))
    expect(endsOf(await send(urlsTo(2), path))).toEqual(['run-file:ok', 'run-file:ok'])
  })
})
