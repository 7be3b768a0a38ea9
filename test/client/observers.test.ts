/** The option `telemetry`: an object of the caller that gets the events of its client. */
import { expect, test, vi } from 'vitest'
import { parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { EventHeaders, EventKind, Telemetry } from '../../src/index.ts'
import { HASTY } from '../support/ask.ts'
import { observeChannels } from '../support/observed.ts'
import { threadServer } from '../support/thread-server.ts'
import { troubleServer } from '../support/trouble-server.ts'

const again = { maxRetries: 2, retry: HASTY, onFailure: 'settle' } as const

function recording(more: Partial<Telemetry> = {}) {
  const log: string[] = []
  const telemetry: Telemetry = {
    start: kind => void log.push(`start ${kind}`),
    end: kind => void log.push(`end ${kind}`),
    ...more,
  }
  return { log, telemetry }
}

test('telemetry gets every event of its client, or only the kinds that it wants', async () => {
  const { url } = await troubleServer()
  const all = recording()
  await parallelRequests(`${url}/flaky/1`, { ...again, telemetry: all.telemetry })
  const attempts = ['start attempt', 'end attempt', 'start attempt', 'end attempt']
  expect(all.log).toEqual(['start batch', 'start request', ...attempts, 'end request', 'end batch'])
  for (const only of ['batch', 'request', 'attempt'] as const satisfies EventKind[]) {
    const some = recording({ wants: kind => kind === only })
    await parallelRequests(`${url}/ok`, { ...again, telemetry: some.telemetry })
    expect(some.log).toEqual([`start ${only}`, `end ${only}`])
  }
})

test('its headers replace those of the request before beforeRequest signs them, in the blocking call, too', async () => {
  const { telemetry } = recording({
    headersFor: ({ id, attempt }) => ({ traceparent: `${id}/${attempt}`, tracestate: undefined }),
  })
  const server = await threadServer()
  const signed: unknown[] = []
  const options = {
    ...again,
    telemetry,
    headers: { traceparent: 'mine', tracestate: 'mine' },
    hooks: { beforeRequest: ({ headers }: { headers: Headers }) => void signed.push(headers.get('traceparent')) },
  }
  const echoOf = (value: unknown) => (value as { headers: Record<string, string> }).headers
  const [awaited] = await parallelRequests([`${server.url}/a`], options)
  const [blocked] = parallelRequestsSync([`${server.url}/a`], options)
  await server.close()
  for (const outcome of [awaited, blocked]) {
    const { traceparent, tracestate } = echoOf(outcome?.value)
    expect([traceparent, tracestate]).toEqual(['#0/1', undefined])
  }
  expect(signed).toEqual(['#0/1', '#0/1'])
})

test('invalid headers, and headers that the transport sets, are not sent, with one warning', async () => {
  const server = await threadServer()
  for (const headers of [
    { 'x-a': 'b\r\nx-smuggled: 1' },
    { 'x a': 'b' },
    { Host: 'evil.test' },
    { 'content-length': '9' },
    { 'x-a': 1 },
    { 'x-a': Symbol('no') },
    { 'x-a': null },
    Promise.resolve({ 'x-a': 'late' }),
    [['x-a', 'b']],
    new Map([['x-a', 'b']]),
    'x-a',
    null,
  ]) {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const { telemetry } = recording({ headersFor: () => headers as never })
    const outcomes = [
      ...(await parallelRequests([`${server.url}/a`, `${server.url}/b`], { ...again, telemetry })),
      ...parallelRequestsSync([`${server.url}/a`], { ...again, telemetry }),
    ]
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true])
    const sent = JSON.stringify(outcomes.map(({ value }) => value))
    expect(sent).not.toMatch(/smuggled|x-a|evil/)
    expect(warned.mock.calls.length).toBe(2)
    warned.mockRestore()
  }
  const upper = recording({ headersFor: () => ({ 'X-Trace': 'yes' }) })
  const [outcome] = await parallelRequests([`${server.url}/a`], { ...again, telemetry: upper.telemetry })
  await server.close()
  expect(outcome?.value).toMatchObject({ headers: { 'x-trace': 'yes' } })
})

test('telemetry that throws causes one warning and changes no outcome', async () => {
  const { url } = await troubleServer()
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const boom = (): never => {
    throw new Error('boom\u001b[31m')
  }
  const outcomes = await parallelRequests([`${url}/flaky/1`, `${url}/ok`], {
    ...again,
    telemetry: { wants: () => true, start: boom, end: boom, headersFor: boom },
  })
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, true])
  expect(warned.mock.calls).toEqual([
    ['telemetry threw: boom\\u001b[31m. The run goes on; further errors are not reported', 'ParallelRequestsWarning'],
  ])
  warned.mockRestore()
})

test('wants is called once per event, and each start has an end, whatever other listeners there are', async () => {
  const { url } = await troubleServer()
  const seen = observeChannels()
  let asked = 0
  const { log, telemetry } = recording({
    wants: kind => kind === 'attempt' && asked++ % 2 === 0,
    headersFor: () => ({}),
  })
  const headersFor = vi.fn<() => EventHeaders>(() => ({ 'x-a': 'b' }))
  await parallelRequests([`${url}/ok`, `${url}/ok`, `${url}/ok`], {
    ...again,
    concurrency: 1,
    telemetry: { ...telemetry, headersFor },
    hooks: { afterAttempt: () => undefined },
  })
  expect(asked).toBe(3)
  expect(log).toEqual(['start attempt', 'end attempt', 'start attempt', 'end attempt'])
  expect(headersFor).toHaveBeenCalledTimes(2)
  seen.expectBalance()
  expect(seen.attempts).toHaveLength(3)
})

test('telemetry whose promises reject causes one warning, and the process continues', async () => {
  const { url } = await troubleServer()
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const boom = (): Promise<never> => Promise.reject(new Error('boom'))
  const telemetry = { start: boom, end: boom } as unknown as Telemetry
  const [outcome] = await parallelRequests([`${url}/ok`], { ...again, telemetry })
  expect(outcome?.ok).toBe(true)
  expect(warned.mock.calls.map(([message]) => message)).toEqual([
    'telemetry threw: boom. The run goes on; further errors are not reported',
  ])
  warned.mockRestore()
})
