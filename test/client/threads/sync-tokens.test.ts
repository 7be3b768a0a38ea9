/** `auth: { token, refresh }` in a sync call: the function runs on the calling thread. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { threadId } from 'node:worker_threads'
import { parallelRequestsSync } from '../../../src/index.ts'
import type { Outcome, TokenContext } from '../../../src/index.ts'
import { threadServer } from '../../support/thread-server.ts'
import type { Echo, ThreadServer } from '../../support/thread-server.ts'

let server: ThreadServer

beforeAll(async () => {
  server = await threadServer()
})
afterAll(() => server.close())

const codeOf = (outcome: Outcome): string => (outcome.ok ? 'ok' : outcome.error.code)

it('one refresh for all requests, and the token stays for the next call', () => {
  const calls: TokenContext[] = []
  const auth = {
    token: 'token-1',
    refresh: (context: TokenContext) => {
      calls.push(context)
      expect(threadId).toBe(0)
      return { token: 'token-2', expiresIn: '1h' }
    },
  }
  const url = `${server.url}/guarded?is=token-2`
  const posts = Array.from({ length: 10 }, () => ({ url, method: 'POST', body: 'x' }))
  const echoes = parallelRequestsSync<Echo>(posts, { auth })
  expect(echoes.map(({ headers }) => headers['authorization'])).toEqual(new Array(10).fill('Bearer token-2'))
  parallelRequestsSync(url, { auth })
  expect(calls).toHaveLength(1)
  expect(calls[0]).toMatchObject({ token: 'token-1', reason: 'refused' })
})

it('a refresh that throws or returns a promise fails the requests that wait for it', () => {
  const url = `${server.url}/guarded?is=token-2`
  const settle = { onFailure: 'settle' } as const
  const down = (): never => {
    throw new Error('down')
  }
  const thrown = parallelRequestsSync(url, { ...settle, auth: { refresh: down } })
  expect(codeOf(thrown)).toBe('auth/refresh')
  const later = parallelRequestsSync(url, { ...settle, auth: { refresh: async () => 'token-2' } })
  expect(codeOf(later)).toBe('callback/async')
})

it('a token endpoint is asked by the worker, and its token stays for the next call', async () => {
  const path = '/guarded?is=token-1'
  const oauth = { tokenUrl: `${server.url}/grant?id=grant`, clientId: 'me', refreshToken: 'r-1' }
  const auth = { oauth }
  parallelRequestsSync([`${server.url}${path}`, `${server.url}${path}`], { auth })
  parallelRequestsSync(`${server.url}${path}`, { auth })
  // The endpoint counts: the first call has asked once, and the second one has used its token.
  expect(parallelRequestsSync(`${server.url}/times?id=grant`)).toBe(1)
})
