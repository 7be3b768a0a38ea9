import { describe, expect, it } from 'vitest'
import { ParallelRequests, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { echoServer } from '../support/echo-server.ts'
import { verdictOf } from '../support/ask.ts'

describe('a Request of fetch as an item', () => {
  it('is sent with its method, headers and body, alone and among others', async () => {
    const server = await echoServer()
    const post = new Request(`${server.url}/p?q=1`, {
      method: 'PUT',
      headers: { 'x-own': 'yes', 'content-type': 'application/x-own' },
      body: 'the body',
    })
    const [first, second] = (await parallelRequests([post, `${server.url}/g`])) as Record<string, unknown>[]
    expect(first).toMatchObject({ method: 'PUT', url: '/p?q=1', body: 'the body' })
    expect(first?.['headers']).toMatchObject({ 'x-own': 'yes', 'content-type': 'application/x-own' })
    expect(second).toMatchObject({ method: 'GET', url: '/g' })
    expect(await parallelRequests(new Request(`${server.url}/one`))).toMatchObject({ url: '/one' })
  })

  it('is queued in the lane of its URL, and given to limitKey', async () => {
    const asked: string[] = []
    const transport = mockTransport(() => ({ json: 1 }))
    const client = new ParallelRequests({ transport, limitKey: ({ url }) => (asked.push(url), 'one') })
    await client.request([new Request('http://a.test/x')])
    expect(asked).toContain('http://a.test/x')
  })

  it("with redirect: 'manual' is sent with followRedirects: false", async () => {
    const transport = mockTransport(() => ({ status: 302, headers: { location: '/next' } }))
    const request = new Request('http://a.test/x', { redirect: 'manual' })
    const [outcome] = await parallelRequests([request], { transport, onFailure: 'settle' })
    expect(outcome && verdictOf(outcome)).toBe('http/302')
  })

  it('fails alone if it cannot be sent as it is meant', async () => {
    const transport = mockTransport(() => ({ json: 1 }))
    const read = new Request('http://a.test/', { method: 'POST', body: 'x' })
    await read.text()
    const items = [
      read,
      new Request('http://a.test/', { signal: AbortSignal.abort() }),
      new Request('http://a.test/', { integrity: 'sha256-abc' }),
      new Request('http://a.test/'),
    ]
    const outcomes = await parallelRequests(items, { transport, onFailure: 'settle' })
    const wrong = 'invalid_request/input'
    expect(outcomes.map(verdictOf)).toEqual([wrong, wrong, wrong, 'ok'])
  })

  it('is sent by the sync call without a body, and is a ConfigError with one', () => {
    const get = new Request('http://127.0.0.1:1/')
    const options = { onFailure: 'settle', maxRetries: 0 } as const
    expect(parallelRequestsSync([get], options).map(verdictOf)).toEqual(['connect/refused'])
    const post = new Request('http://127.0.0.1:1/', { method: 'POST', body: 'x' })
    expect(() => parallelRequestsSync([post], options)).toThrow(/urls\[0\]\.body: expected/)
  })
})
