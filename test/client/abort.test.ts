import { expect, test } from 'vitest'
import { AbortError, ParallelRequests, PartialFailureError } from '../../src/index.ts'
import type { Outcome } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

const SIZE = 3_000

/** Every request hangs until the abort, so that most entries have not been read by then. */
async function aborted(items: unknown[], options: object): Promise<unknown> {
  const abort = new AbortController()
  const reached = Promise.withResolvers<void>()
  const transport = mockTransport(() => {
    reached.resolve()
    return new Promise(() => undefined)
  })
  const client = new ParallelRequests({ transport, maxRetries: 0, concurrency: 3 })
  const running = client.request(items as string[], { ...options, signal: abort.signal }) as Promise<unknown>
  const settled = running.catch((error: unknown) => error)
  await reached.promise
  abort.abort(new Error('enough'))
  const result = await settled
  await client.close()
  return result
}

const urls = Array.from({ length: SIZE }, (_, index) => `https://h${index % 7}.test/${index}`)

test('aborting an array gives each entry its outcome, in input order, with its own id, request and error', async () => {
  const outcomes = (await aborted(urls, { onFailure: 'settle' })) as Outcome[]
  expect(outcomes).toHaveLength(SIZE)
  const wrong = outcomes.filter(
    (outcome, index) =>
      outcome.ok ||
      outcome.index !== index ||
      outcome.id !== `#${index}` ||
      outcome.request.url !== urls[index] ||
      outcome.error.index !== index ||
      outcome.error.url !== urls[index] ||
      !outcome.error.code.startsWith('aborted/'),
  )
  expect(wrong).toEqual([])
  const last = outcomes.at(-1)
  expect(last?.error).toBe(last?.error)
  expect(last).toMatchObject({
    error: {
      code: 'aborted/not_started',
      message: `GET ${urls.at(-1)}: not sent: the run was aborted: enough`,
      cause: { message: 'enough' },
    },
    attempts: 0,
    timings: { total: 0 },
    source: 'network',
  })
})

test('aborting an array of requests keeps their keys, methods and meta as they were at the abort', async () => {
  const items = urls.map((url, index) => ({ url, key: `k${index}`, method: 'delete', meta: { index } }))
  const outcomes = (await aborted(items, { onFailure: 'settle' })) as Outcome[]
  for (const item of items) item.url = 'https://other.test/'
  const last = outcomes.at(-1)
  expect(last).toMatchObject({ id: `k:k${SIZE - 1}`, key: `k${SIZE - 1}`, index: SIZE - 1 })
  expect(last?.request).toMatchObject({ method: 'DELETE', url: urls.at(-1), meta: { index: SIZE - 1 } })
  expect(last?.error).toMatchObject({ key: `k${SIZE - 1}`, method: 'DELETE', url: urls.at(-1) })
})

test('aborting a batch with keys gives an object with an outcome for each key', async () => {
  const keys = urls.map((_, index) => `k${index}`)
  const byKey = (await aborted(urls, { onFailure: 'settle', keys })) as Record<string, Outcome>
  expect(Object.keys(byKey)).toEqual(keys)
  expect(byKey['k2999']).toMatchObject({ id: 'k:k2999', key: 'k2999', error: { key: 'k2999' } })
})

test.each(['throw', 'null'] as const)(
  'aborting a batch with onFailure %s rejects with all outcomes',
  async onFailure => {
    const error = await aborted(urls, { onFailure })
    expect(error).toBeInstanceOf(AbortError)
    const { outcomes = [], message } = error as AbortError
    expect(message).toContain(`when 0 of ${SIZE} requests were done`)
    expect(outcomes.map(({ index }) => index)).toEqual(urls.map((_, index) => index))
    const failed = new PartialFailureError(outcomes)
    expect(failed.errors.at(-1)).toBe(outcomes.at(-1)?.error)
    expect(failed.failedUrls()).toEqual(urls)
    expect(failed.toJSON()['codes']).toEqual({ 'aborted/not_started': SIZE - 3, 'aborted/in_flight': 3 })
  },
)

test('aborting an array gives an outcome even to an entry that throws when it is read', async () => {
  const trap = {
    get url(): string {
      throw new Error('trap')
    },
  }
  const client = new ParallelRequests({ transport: mockTransport(() => ({})) })
  const outcomes = await client.request(['https://a.test/', trap], {
    onFailure: 'settle',
    signal: AbortSignal.abort(new Error('enough')),
  })
  await client.close()
  expect(outcomes[1]).toMatchObject({
    index: 1,
    id: '#1',
    request: { url: '' },
    error: { code: 'aborted/not_started', cause: { message: 'enough' } },
  })
})

/** Aborts, and never returns. */
const stuck = (abort: AbortController) => (): Promise<never> => {
  queueMicrotask(() => abort.abort(new Error('enough')))
  return new Promise(() => undefined)
}

test.each(['beforeRequest', 'auth'])(
  'a request that is aborted during %s has not started, even a POST',
  async function_ => {
    const transport = mockTransport(() => ({ json: 1 }))
    const abort = new AbortController()
    const waiting = stuck(abort)
    const options = function_ === 'auth' ? { auth: waiting } : { hooks: { beforeRequest: waiting } }
    const client = new ParallelRequests({ transport, ...options })
    const [outcome] = await client.request([{ url: 'https://a.test/', method: 'POST', json: 1 }], {
      onFailure: 'settle',
      signal: abort.signal,
    })
    await client.close()
    expect(outcome).toMatchObject({
      error: { code: 'aborted/not_started', message: 'POST https://a.test/: not sent: the run was aborted: enough' },
      attempts: 0,
    })
    expect(transport.requests).toEqual([])
  },
)

test('a request that is aborted during beforeRequest of a retry is in flight: its first attempt was sent', async () => {
  const transport = mockTransport(() => ({ status: 503 }))
  const abort = new AbortController()
  const waiting = stuck(abort)
  const beforeRequest = ({ attempt }: { attempt: number }) => (attempt === 1 ? undefined : waiting())
  const client = new ParallelRequests({ transport, hooks: { beforeRequest } })
  const [outcome] = await client.request(['https://a.test/'], { onFailure: 'settle', signal: abort.signal })
  await client.close()
  expect(outcome?.error?.code).toBe('aborted/in_flight')
})
