/** Jobs that are followed further by the next run, and not started again. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parallelRequests } from '../../../src/index.ts'
import type { Outcome, RequestSpec } from '../../../src/index.ts'
import { mockTransport } from '../../../src/testing/index.ts'
import type { MockHandler, MockTransport } from '../../../src/testing/index.ts'
import { doneIn, endsOf, intentsIn, newRun, pollsIn, withoutDone } from '../../support/resumed.ts'

const POST = { url: 'http://jobs.test/start', method: 'POST', json: { n: 1 } } as const

interface Jobs {
  readonly transport: MockTransport
  /** `POST /start` … */
  readonly asked: string[]
}

/** A job that is done at its second look. @param statusUrl where the first response says that the job is */
function jobs(statusUrl = '/jobs/7', other?: MockHandler): Jobs {
  const asked: string[] = []
  let looks = 0
  const transport = mockTransport(request => {
    const { method, url } = request
    asked.push(`${method} ${new URL(url).pathname}`)
    const answer = other?.(request)
    if (answer !== undefined) return answer
    if (!url.includes('/jobs/')) return { status: 202, headers: { location: statusUrl } }
    return looks++ === 0 ? { status: 202 } : { json: { n: 7 } }
  })
  return { transport, asked }
}

async function run(
  path: string,
  { transport }: Jobs,
  spec: RequestSpec = POST,
  options: object = {},
): Promise<Outcome[]> {
  return parallelRequests([spec], {
    resume: path,
    transport,
    onFailure: 'settle',
    poll: true,
    maxRetries: 0,
    ...options,
  })
}

/** The file of a run that was killed before its job was done. */
async function killed(spec: RequestSpec = POST, statusUrl?: string): Promise<string> {
  const path = newRun()
  await run(path, jobs(statusUrl), spec)
  writeFileSync(path, withoutDone(readFileSync(path, 'utf8'), 0))
  return path
}

describe('a job in a run file', () => {
  it('has its URL there before its status is asked for the first time', async () => {
    const path = newRun()
    const seen: number[] = []
    const given = jobs('/jobs/7', ({ url }) => {
      if (url.includes('/jobs/')) seen.push(pollsIn(path).length)
      return undefined as never
    })
    await run(path, given)
    expect(seen).toEqual([1, 1])
    expect(pollsIn(path)).toMatchObject([{ v: 2, index: 0, id: '#0', url: 'http://jobs.test/jobs/7' }])
    expect([intentsIn(path).length, doneIn(path).length]).toEqual([1, 1])
  })

  it.each(['POST', 'PUT', 'GET'])('is followed further after a crash, and not started again: %s', async method => {
    const spec = method === 'GET' ? { url: POST.url } : { ...POST, method }
    const path = await killed(spec)
    const next = jobs()
    const [outcome] = await run(path, next, spec)
    expect(outcome).toMatchObject({ ok: true, value: { n: 7 }, source: 'network', attempts: 2 })
    expect(next.asked).toEqual(['GET /jobs/7', 'GET /jobs/7'])
    expect(pollsIn(path)).toHaveLength(1)
    expect(endsOf(await run(path, jobs(), spec))).toEqual(['run-file:ok'])
  })

  it('of Azure is followed further by the status in its body', async () => {
    const operation: MockHandler = ({ url }) =>
      url.includes('/jobs/')
        ? (undefined as never)
        : { status: 202, headers: { 'operation-location': 'http://jobs.test/jobs/7' } }
    const path = newRun()
    await run(path, jobs('', operation))
    writeFileSync(path, withoutDone(readFileSync(path, 'utf8'), 0))
    const answers = [{ status: 'Running' }, { status: 'Running' }, { status: 'Succeeded' }]
    const next = jobs('', () => ({ json: answers.shift() }))
    expect((await run(path, next))[0]?.value).toEqual({ status: 'Succeeded' })
    expect(next.asked).toEqual(Array(3).fill('GET /jobs/7'))
  })

  it('has its whole deadline again, from the first response of the run', async () => {
    const path = newRun()
    const options = { resume: path, onFailure: 'settle', poll: { deadline: '30m' } } as const
    const specs = [POST, POST]
    await parallelRequests(specs, { ...options, transport: jobs().transport })
    writeFileSync(path, withoutDone(readFileSync(path, 'utf8'), 0, 1))
    // The second one waits for its turn for an hour.
    const { transport } = jobs('', () => ({ json: { n: 7 } }))
    const outcomes = await parallelRequests(specs, { ...options, transport, rateLimit: { limit: 1, interval: '1h' } })
    expect(endsOf(outcomes)).toEqual(['network:ok', 'network:ok'])
    expect(outcomes[1]?.timings.limiter).toBeGreaterThan(3_500_000)
  })

  it('is followed further with a key', async () => {
    const spec = { ...POST, key: 'alice' }
    const next = jobs()
    expect(endsOf(await run(await killed(spec), next, spec))).toEqual(['network:ok'])
    expect(next.asked).not.toContain('POST /start')
  })

  it('is followed further after an abort', async () => {
    const path = newRun()
    const abort = new AbortController()
    const first = jobs('/jobs/7', ({ url }) => {
      if (url.includes('/jobs/')) abort.abort()
      return undefined as never
    })
    const options = { signal: abort.signal }
    await run(path, first, POST, options).catch(() => undefined)
    expect(doneIn(path)).toHaveLength(0)
    const next = jobs()
    expect(endsOf(await run(path, next))).toEqual(['network:ok'])
    expect(next.asked).not.toContain('POST /start')
  })

  it('that an earlier run could not follow is followed by retryFailed', async () => {
    const path = newRun()
    const broken = jobs('/jobs/7', ({ url }) => (url.includes('/jobs/') ? { status: 500 } : (undefined as never)))
    expect(endsOf(await run(path, broken))).toEqual(['network:http/500'])
    const next = jobs()
    expect(endsOf(await run(path, next, POST, { retryFailed: true }))).toEqual(['network:ok'])
    expect(next.asked).not.toContain('POST /start')
  })

  it.each([
    ['has failed', { json: { status: 'failed' } }, 'poll/failed'],
    ['is gone', { status: 410 }, 'http/410'],
  ])('that %s is started again by retryFailed', async (_, answer, code) => {
    const path = newRun()
    const poll = { status: ({ status }: { status: string }) => status, done: 'done' }
    const broken = jobs('/jobs/7', ({ url }) => (url.includes('/jobs/') ? answer : (undefined as never)))
    expect(endsOf(await run(path, broken, POST, { poll }))).toEqual([`network:${code}`])
    const next = jobs('/jobs/7', ({ url }) =>
      url.includes('/jobs/') ? { json: { status: 'done' } } : (undefined as never),
    )
    expect(endsOf(await run(path, next, POST, { retryFailed: true, poll }))).toEqual(['network:ok'])
    expect(next.asked).toContain('POST /start')
  })

  it('of another request is refused', async () => {
    const path = await killed()
    await expect(run(path, jobs(), { ...POST, json: { n: 2 } })).rejects.toThrow(/expected the input that/)
  })

  it('is in doubt if jobs are not followed any more', async () => {
    expect(endsOf(await run(await killed(), jobs(), POST, { poll: false }))).toEqual(['network:in_doubt/crash'])
  })

  describe('whose URL has a secret', () => {
    const SECRET = '/jobs/7?token=s3cret'

    it('is not written, and a write is in doubt after a crash', async () => {
      const path = await killed(POST, SECRET)
      expect(readFileSync(path, 'utf8')).not.toContain('s3cret')
      const next = jobs()
      const [outcome] = await run(path, next)
      expect(outcome?.error?.code).toBe('in_doubt/crash')
      expect(outcome?.error?.message).toMatch(/the URL of its status was not written, because it has a secret/)
      expect(next.asked).toEqual([])
    })

    it('is started again with unknownWrites', async () => {
      const next = jobs()
      const outcomes = await run(await killed(POST, SECRET), next, POST, { unknownWrites: 'resend' })
      expect(endsOf(outcomes)).toEqual(['network:ok'])
      expect(next.asked).toContain('POST /start')
    })

    it('is started again if the request is safe', async () => {
      const spec = { ...POST, method: 'PUT' }
      const next = jobs()
      expect(endsOf(await run(await killed(spec, SECRET), next, spec))).toEqual(['network:ok'])
      expect(next.asked).toContain('PUT /start')
    })
  })

  it('that another origin has named gets no credentials in the next run either', async () => {
    const path = await killed()
    const text = readFileSync(path, 'utf8')
    writeFileSync(
      path,
      text
        .replace(/(\{"poll":.*?)"at":[^\n]*/, '$1"foreign":true,"at":"2026-01-01T00:00:00.000Z"}}')
        .replaceAll(/,"crc":"\w+"/g, ''),
    )
    const seen: (string | null)[] = []
    const next = jobs('/jobs/7', ({ headers }) => {
      seen.push(headers.get('authorization'))
      return undefined as never
    })
    await run(path, next, POST, { auth: { bearer: 's3cret' } })
    expect(seen).toEqual([null, null])
  })
})
