/** A call that returns values keeps less than outcomes, and its errors have the same outcomes nevertheless. */
import { expect, test } from 'vitest'
import { isPartialFailureError, parallelRequests } from '../../../src/index.ts'
import type { Outcome, RequestInput } from '../../../src/index.ts'
import { mockTransport } from '../../../src/testing/index.ts'
import type { MockRequest, MockResponse } from '../../../src/testing/index.ts'

const HOST = 'http://a.test'

/** Requests that end in every way that an outcome can show. */
const INPUTS: RequestInput[] = [
  `${HOST}/plain/1`,
  `${HOST}/plain/2`,
  { url: `${HOST}/plain/3`, key: 'named' },
  { url: `${HOST}/plain/4`, meta: { row: 4 } },
  `${HOST}/other-head`,
  `${HOST}/hop`,
  `${HOST}/busy-once`,
  `${HOST}/plain/5?api_key=secret`,
  'http://user:secret@a.test/plain/6',
  { url: `${HOST}/plain/7`, method: 'POST', json: { a: 1 } },
  { url: `${HOST}/plain/8`, returnType: 'text' },
  `${HOST}/missing`,
  'not a URL',
  `${HOST}/plain/9`,
]

function answerer() {
  let busy = 0
  return ({ url }: MockRequest): MockResponse => {
    const { pathname } = new URL(url)
    if (pathname === '/missing') return { status: 404, json: 'no' }
    if (pathname === '/hop') return { status: 302, headers: { location: '/plain/hopped' } }
    if (pathname === '/busy-once' && busy++ === 0) return { status: 500 }
    if (pathname === '/other-head') return { status: 203, json: 1, headers: { 'x-other': 'yes' } }
    return { json: { pathname }, latencyMs: pathname.length }
  }
}

// In virtual time, so that two runs take the same time.
const options = () => ({ transport: mockTransport(answerer()), concurrency: 3, retry: { backoff: () => 5 } })

/** Everything that a caller can read. */
const readable = ({ response, error, ...rest }: Outcome) => ({
  ...rest,
  request: { ...rest.request },
  response: response && { ...response, headers: [...response.headers] },
  error: error && Object.fromEntries([...Object.entries(error), ['message', error.message]]),
})

test('The error of a call that returns values has the outcomes that the call would have settled with.', async () => {
  const expected = await parallelRequests(INPUTS, { ...options(), onFailure: 'settle' })
  const error: unknown = await parallelRequests(INPUTS, options()).catch((reason: unknown) => reason)
  if (!isPartialFailureError(error)) throw error
  expect(error.outcomes.map(readable)).toEqual(expected.map(readable))
  expect(error.outcomes[0]?.timings).toEqual({ total: 8 })
  expect(error.values).toEqual(expected.map(({ value }) => value))
  expect(error.failedUrls()).toEqual([`${HOST}/missing`, 'not a URL'])
})

test('So has the error of an input that throws, up to there.', async () => {
  function* input() {
    yield* INPUTS.slice(0, 2)
    throw new Error('the list broke')
  }
  const error: unknown = await parallelRequests(input(), options()).catch((reason: unknown) => reason)
  const { outcomes } = error as { outcomes: Outcome[] }
  expect(outcomes.map(({ id, value }) => [id, value])).toEqual([
    ['#0', { pathname: '/plain/1' }],
    ['#1', { pathname: '/plain/2' }],
  ])
})

test('Values of an input of unknown length are in its order, and null for a failure if that is asked for.', async () => {
  function* input() {
    for (let n = 0; n < 200; n++) yield n === 150 ? `${HOST}/missing` : `${HOST}/plain/${n}`
  }
  const values = await parallelRequests(input(), { ...options(), onFailure: 'null' })
  const expected = Array.from({ length: 200 }, (_, n) => (n === 150 ? null : { pathname: `/plain/${n}` }))
  expect(values).toEqual(expected)
})
