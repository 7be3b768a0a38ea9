/** The layer that reports attempts: once each when they begin and when they end, whatever happened to them. */
import { describe, expect, test } from 'vitest'
import type { AttemptEvent, Observer } from '../../src/core/events.ts'
import { fault } from '../../src/core/result.ts'
import { observe } from '../../src/layer/observe.ts'
import { through } from '../../src/layer/passage.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { makeAttempt, makeReply } from '../support/calls.ts'
import type { CallParts } from '../support/calls.ts'

function recording(headersFor?: Observer['headersFor'], wanted = true) {
  const log: string[] = []
  const events: AttemptEvent[] = []
  const observer: Observer = {
    wants: () => wanted,
    start(_kind, event) {
      log.push('start')
      events.push(event as AttemptEvent)
    },
    end(_kind, event) {
      log.push('end')
      events.push(event as AttemptEvent)
    },
    ...(headersFor && { headersFor }),
  }
  return { log, events, observer }
}

const clock = virtualClock()
const HEADERS = ['accept', '*/*', 'traceparent', 'old', 'tracestate', 'old']

async function sent(observer: Observer, parts: CallParts = {}): Promise<readonly string[]> {
  const attempt = makeAttempt({ headers: HEADERS, ...parts })
  let headers: readonly string[] = []
  const send = through([observe(observer, clock)], (trial, done) => {
    headers = trial.headers
    done(makeReply())
  })
  await new Promise(resolve => send(attempt, resolve))
  return headers
}

describe('an attempt', () => {
  test('begins and ends with the same object', async () => {
    const { log, events, observer } = recording()
    await sent(observer)
    expect(log).toEqual(['start', 'end'])
    expect(events[0]).toBe(events[1])
    expect(events[0]).toMatchObject({ attempt: 1, status: 200, url: 'http://a.test/', host: 'a.test' })
  })

  test.each([
    ['a layer below refuses it', () => fault('callback/hook', 'no')],
    [
      'a layer below throws',
      (): never => {
        throw new Error('no')
      },
    ],
    ['a layer below rejects', () => Promise.reject(new Error('no'))],
  ])('ends once if %s', async (_, before) => {
    const { log, events, observer } = recording()
    const send = through([observe(observer, clock), { before }], () => expect.unreachable())
    await new Promise(resolve => send(makeAttempt(), resolve))
    expect(log).toEqual(['start', 'end'])
    expect(events[1]?.code).toMatch(/^(?:callback\/hook|internal\/unknown)$/)
  })

  test('has no event without a listener, unless its request has the hook afterAttempt', async () => {
    const { observer } = recording(undefined, false)
    const attempt = makeAttempt()
    const layer = observe(observer, clock)
    expect(layer.before?.(attempt)).toBeUndefined()
    expect(attempt.event).toBeUndefined()
    expect(layer.after?.(attempt, makeReply())).toMatchObject({ status: 200 })
    const hooked = makeAttempt({ plan: { hooks: { afterAttempt: () => undefined } } })
    void layer.before?.(hooked)
    expect(hooked.event).toMatchObject({ attempt: 1 })
  })
})

describe('headers of an observer', () => {
  test('replace those with the same names, and undefined removes one', async () => {
    const { observer } = recording(() => ({ traceparent: 'new', tracestate: undefined, 'x-more': '1' }))
    expect(await sent(observer)).toEqual(['accept', '*/*', 'traceparent', 'new', 'x-more', '1'])
  })

  test('may come as a promise, which the attempt waits for', async () => {
    const { observer } = recording(async () => ({ traceparent: 'later' }))
    expect(await sent(observer)).toEqual(['accept', '*/*', 'tracestate', 'old', 'traceparent', 'later'])
  })

  test('leave the list of the call as it is, which its other attempts share', async () => {
    const { observer } = recording(() => ({ traceparent: 'new' }))
    await sent(observer)
    expect(HEADERS).toEqual(['accept', '*/*', 'traceparent', 'old', 'tracestate', 'old'])
    expect(await sent(recording(() => undefined).observer)).toBe(HEADERS)
    expect(await sent(recording(() => ({})).observer)).toBe(HEADERS)
  })
})
