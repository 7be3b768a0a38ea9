import { Agent, MockAgent } from 'undici'
import { describe, expect, it } from 'vitest'
import type { Transport } from '../../src/index.ts'
import { HASTY, ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'

const SETTLE = { onFailure: 'settle', returnType: 'text' } as const

describe('a Dispatcher passed by the caller', () => {
  it('may be a MockAgent', async () => {
    const agent = new MockAgent()
    agent.disableNetConnect()
    const mock = agent.get('http://mocked.test')
    mock.intercept({ path: '/a?q=1', method: 'GET' }).reply(200, { id: 7 }, { headers: { 'x-a': 'b' } })
    mock.intercept({ path: '/b', method: 'POST', body: '{"n":1}' }).reply(201, 'made')
    mock.intercept({ path: '/c', method: 'GET' }).reply(503, 'later').times(2)
    mock.intercept({ path: '/c', method: 'GET' }).reply(200, 'now')
    mock
      .intercept({ path: '/d', method: 'GET' })
      .replyWithError(Object.assign(new Error('gone'), { code: 'ECONNRESET' }))
    mock.intercept({ path: '/e', method: 'GET' }).replyWithError(new Error('never heard of'))
    const client = clientOf({ transport: agent, maxRetries: 2, retry: HASTY })
    const origin = 'http://mocked.test'
    const outcomes = await client.request(
      [
        `${origin}/a?q=1`,
        { url: `${origin}/b`, method: 'POST', json: { n: 1 } },
        `${origin}/c`,
        { url: `${origin}/d`, maxRetries: 0 },
        `${origin}/e`,
        `${origin}/nothing-like-it`,
      ],
      SETTLE,
    )
    expect(outcomes.map(verdictOf)).toEqual([
      'ok',
      'ok',
      'ok',
      // A MockAgent never reports that the request was sent.
      'connect/reset',
      'internal/unknown',
      'internal/unknown',
    ])
    expect(outcomes[0]?.value).toBe('{"id":7}')
    expect(outcomes[0]?.response?.headers.get('x-a')).toBe('b')
    expect(outcomes[2]?.attempts).toBe(3)
    expect(outcomes[4]?.attempts).toBe(1)
    await client.close()
    await agent.close()
  })

  it('may be an Agent, which is not closed', async () => {
    await using server = await rawServer(
      answering((connection, { path }) => (path === '/hang' ? undefined : connection.reply(path))),
    )
    const agent = new Agent()
    for (const path of ['/a', '/b']) {
      const client = clientOf({ transport: agent })
      expect(await client.request(server.origin + path, { returnType: 'text' })).toBe(path)
      await client.close()
    }
    const client = clientOf({ transport: agent })
    const startedAtMs = performance.now()
    const outcome = await client.request(`${server.origin}/hang`, { ...SETTLE, signal: AbortSignal.timeout(60) })
    expect(verdictOf(outcome)).toBe('aborted/in_flight')
    expectFigure(performance.now() - startedAtMs).toBeLessThan(160)
    expect(verdictOf(await client.request({ url: `${server.origin}/hang`, timeout: '120ms' }, SETTLE))).toBe(
      'timeout/headers',
    )
    await client.close()
    await agent.destroy()
  })

  it('that throws or is closed fails the request with one named code', async () => {
    const throwing = {
      dispatch() {
        throw new Error('no way')
      },
    }
    expect(await verdict('http://127.0.0.1/', { transport: throwing as never })).toBe('internal/unknown')
    const agent = new Agent()
    await agent.close()
    expect(await verdict('http://127.0.0.1/', { transport: agent })).not.toBe('ok')
  })
})

describe('a Transport passed by the caller', () => {
  const transport = (send: Transport['send']): Transport => ({ send, close: async () => undefined })

  it.each([
    [
      'throws',
      transport(() => {
        throw new Error('no way')
      }),
    ],
    ['rejects', transport(() => Promise.reject(new Error('no way')))],
    ['rejects without an error', transport(() => Promise.reject())],
    ['resolves with undefined', transport(() => Promise.resolve(undefined as never))],
    ['resolves with another object', transport(() => Promise.resolve({ status: 200 } as never))],
  ])('that %s ends its request as internal/transport, once', async (_what, broken) => {
    const outcome = await ask('http://127.0.0.1/', { transport: broken, maxRetries: 3 })
    expect(verdictOf(outcome)).toBe('internal/transport')
    expect(outcome.attempts).toBe(1)
  })

  it('that never settles is ended by the timeouts all the same', async () => {
    let aborted = 0
    const silent = transport(attempt => {
      attempt.abort = () => void aborted++
      return new Promise(() => undefined)
    })
    const startedAtMs = performance.now()
    expect(await verdict('http://127.0.0.1/', { transport: silent, timeout: '120ms' })).toBe('timeout/headers')
    expectFigure(performance.now() - startedAtMs).toBeLessThan(220)
    expect(aborted).toBe(1)
    const client = clientOf({ transport: silent })
    const outcomes = await client.request(
      ['http://127.0.0.1/', { url: 'http://127.0.0.1/', method: 'POST', json: 1 }],
      {
        ...SETTLE,
        signal: AbortSignal.timeout(60),
      },
    )
    expect(outcomes.map(verdictOf)).toEqual(['aborted/in_flight', 'in_doubt/aborted'])
    await client.close()
  })
})
