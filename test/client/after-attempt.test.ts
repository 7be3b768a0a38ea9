/** `hooks.afterAttempt`, and what hooks know about their request. */
import { describe, expect, test } from 'vitest'
import { ParallelRequests, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { AttemptContext, AttemptEvent, HookRequest, Hooks } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { HASTY, ask, until } from '../support/ask.ts'
import { threadServer } from '../support/thread-server.ts'
import { troubleServer } from '../support/trouble-server.ts'

const hasty = { maxRetries: 2, retry: HASTY } as const
const again = { ...hasty, onFailure: 'settle' } as const

/** Hooks that record the attempts for which they were called. */
function paired(more: Hooks = {}) {
  const before: string[] = []
  const after: string[] = []
  const events: AttemptEvent[] = []
  const hooks: Hooks = {
    beforeRequest: ({ id, attempt }) => void before.push(`${id}/${attempt}`),
    afterAttempt(event) {
      after.push(`${event.id}/${event.attempt}`)
      events.push(event)
    },
    ...more,
  }
  return { hooks, before, after, events }
}

describe('afterAttempt', () => {
  test('runs once for each beforeRequest: responses, network errors, timeouts and redirect hops', async () => {
    const { url } = await troubleServer()
    const { hooks, before, after, events } = paired()
    const paths = ['/ok', '/flaky/1', '/cut/1', '/cut/9', '/to/flaky/2', '/hang', '/status/404']
    const specs = paths.map(path =>
      path === '/hang' ? { url: url + path, timeouts: { headers: '100ms' } } : { url: url + path },
    )
    const outcomes = await parallelRequests(specs, { ...again, hooks, concurrency: 7 })
    expect(after.toSorted()).toEqual(before.toSorted())
    expect(after).toHaveLength(outcomes.reduce((sum, { attempts }) => sum + attempts, 0))
    const last = (index: number) => events.findLast(event => event.index === index)
    expect(last(3)).toMatchObject({ attempt: outcomes[3]?.attempts, code: 'reset/before_headers' })
    expect(last(5)).toMatchObject({ attempt: 3, code: 'timeout/headers' })
    expect(last(6)).toMatchObject({ attempt: 1, status: 404 })
    expect(last(0)?.timings?.total).toBeGreaterThan(0)
  })

  test('runs after an abort in flight, whose outcome it cannot change', async () => {
    const { url } = await troubleServer()
    const { hooks, before, after } = paired()
    const controller = new AbortController()
    const client = new ParallelRequests({
      ...hasty,
      hooks: {
        ...hooks,
        async afterAttempt(event) {
          await hooks.afterAttempt?.(event)
          throw new Error('too late')
        },
      },
    })
    const outcomes: unknown[] = []
    const drained = client.drain([`${url}/hang`], {
      signal: controller.signal,
      sink: { write: async outcome => void outcomes.push(outcome.error?.code), close: async () => undefined },
    })
    await until(() => before.length === 1)
    controller.abort()
    await drained
    await client.close()
    expect([after, outcomes]).toEqual([['#0/1'], ['aborted/in_flight']])
  })

  test('does not run for an attempt that ended before beforeRequest', async () => {
    const { url } = await troubleServer()
    const { hooks, before, after } = paired()
    const auth = (): string => {
      throw new Error('no token')
    }
    expect((await ask(`${url}/ok`, { ...hasty, auth, hooks })).error?.code).toBe('callback/hook')
    expect([before, after]).toEqual([[], []])
    const alone = paired({ beforeRequest: undefined as never })
    delete alone.hooks.beforeRequest
    await ask(`${url}/ok`, { ...hasty, auth, hooks: alone.hooks })
    expect(alone.events).toMatchObject([{ attempt: 1, code: 'callback/hook' }])
  })

  test('runs if beforeRequest throws, and after an attempt that gave its slot back', async () => {
    const { url } = await troubleServer()
    const thrown = paired()
    const given = {
      ...thrown.hooks,
      beforeRequest(request: HookRequest) {
        void thrown.hooks.beforeRequest?.(request)
        throw new Error('no')
      },
    }
    await ask(`${url}/ok`, { ...hasty, hooks: given })
    expect([thrown.before, thrown.after]).toEqual([['#0/1'], ['#0/1']])
    let answered = 0
    const transport = mockTransport(() => (++answered === 1 ? { fault: 'connect/preempted' } : { json: 1 }))
    const twice = paired()
    await ask('http://a.test/', { transport, hooks: twice.hooks })
    expect([twice.before, twice.after]).toEqual([
      ['#0/1', '#0/1'],
      ['#0/1', '#0/1'],
    ])
  })

  test('is awaited before afterResponse and before a retry; a throw or a rejection ends only its request', async () => {
    const { url } = await troubleServer()
    const order: string[] = []
    const hooks: Hooks = {
      async afterAttempt({ attempt }) {
        await new Promise(resolve => setTimeout(resolve, 5))
        order.push(`attempt ${attempt}`)
      },
      afterResponse: (_, { attempt }) => void order.push(`response ${attempt}`),
      beforeRetry: ({ attempt }) => void order.push(`retry ${attempt}`),
    }
    await ask(`${url}/flaky/1`, { ...hasty, hooks })
    expect(order).toEqual(['attempt 1', 'response 1', 'retry 1', 'attempt 2', 'response 2'])
    for (const failing of [
      () => Promise.reject(new Error('full')),
      (): never => {
        throw new Error('full')
      },
    ]) {
      const afterAttempt = ({ index }: AttemptEvent): Promise<void> | void => (index === 0 ? failing() : undefined)
      const outcomes = await parallelRequests([`${url}/ok`, `${url}/ok?2`], { ...again, hooks: { afterAttempt } })
      expect(outcomes.map(({ ok, attempts }) => [ok, attempts])).toEqual([
        [false, 1],
        [true, 1],
      ])
      expect(outcomes[0]?.error?.code).toBe('callback/hook')
      expect(outcomes[0]?.error?.message).toContain('hooks.afterAttempt threw: full')
    }
  })

  test('that throws does not hide that a request is in doubt', async () => {
    const { url } = await troubleServer()
    const afterAttempt = (): never => {
      throw new Error('full')
    }
    const spec = { url: `${url}/cut/9`, method: 'POST', json: 1 }
    const outcome = await ask(spec, { ...hasty, hooks: { afterAttempt } })
    expect(outcome.error?.code).toBe('in_doubt/reset')
    expect(outcome.warnings).toEqual(['hooks.afterAttempt threw: full'])
  })

  test('has the time limit of timeouts.callback', async () => {
    const { url } = await troubleServer()
    const hooks = { afterAttempt: () => new Promise<void>(() => undefined) }
    const outcome = await ask(`${url}/ok`, { ...hasty, hooks, timeouts: { callback: '150ms' } })
    expect(outcome.error?.code).toBe('timeout/callback')
  })

  test('runs with worker threads, and on the calling thread of the blocking call', async () => {
    const { url } = await troubleServer()
    const threaded = paired()
    const urls = [`${url}/flaky/1`, `${url}/cut/9`]
    const outcomes = await parallelRequests(urls, { ...again, hooks: threaded.hooks, workers: 1 })
    expect(threaded.after.toSorted()).toEqual(threaded.before.toSorted())
    expect(threaded.after).toHaveLength(outcomes.reduce((sum, { attempts }) => sum + attempts, 0))

    const server = await threadServer()
    const blocked = paired()
    parallelRequestsSync([`${server.url}/flaky?id=after&until=2`, 'http://127.0.0.1:1/'], {
      ...again,
      hooks: blocked.hooks,
    })
    expect(blocked.after.toSorted()).toEqual(blocked.before.toSorted())
    expect(blocked.after).toHaveLength(5)
    expect(blocked.events.find(({ index }) => index === 1)?.code).toBe('connect/refused')
    const [late] = parallelRequestsSync([`${server.url}/text`], {
      ...again,
      hooks: { afterAttempt: async () => undefined },
    })
    expect(late?.error?.code).toBe('callback/async')
    await server.close()
  })
})

test('every hook gets index, key and id of its request, in the blocking call, too', async () => {
  const server = await threadServer()
  const seen = new Set<string>()
  const note =
    (name: string) =>
    ({ index, key, id }: HookRequest | AttemptContext | AttemptEvent): undefined =>
      void seen.add(`${name} ${index} ${key} ${id}`)
  const hooks: Hooks = {
    beforeRequest: note('before'),
    afterResponse: (_, context) => note('response')(context),
    beforeRetry: note('retry'),
    afterAttempt: note('attempt'),
  }
  const retry = { ...HASTY, shouldRetry: note('should') }
  const wanted = ['attempt', 'before', 'response', 'retry', 'should'].map(name => `${name} 1 b k:b`)
  const urls = (id: string) => [`${server.url}/text`, `${server.url}/flaky?id=${id}&until=2`]
  const options = { onFailure: 'null', returnType: 'content', maxRetries: 2, keys: ['a', 'b'], hooks, retry } as const
  await parallelRequests(urls('hooks-1'), options)
  expect([...seen].filter(line => line.endsWith('k:b')).toSorted()).toEqual(wanted)
  seen.clear()
  parallelRequestsSync(urls('hooks-2'), options)
  expect([...seen].filter(line => line.endsWith('k:b')).toSorted()).toEqual(wanted)
  await server.close()
})
