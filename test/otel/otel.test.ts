/** Spans, metrics and headers of `parallel-requests/otel`, with the real SDK. */
import { join } from 'node:path'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { context, propagation, trace } from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigError, ParallelRequests, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import { otel } from '../../src/otel/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { HASTY, TRUST, until } from '../support/ask.ts'
import { h2Server, replying } from '../support/h2-server.ts'
import { folder } from '../support/run-lines.ts'
import { threadServer } from '../support/thread-server.ts'
import { troubleServer } from '../support/trouble-server.ts'
import { brief, parentOf, sdk } from './sdk.ts'

const again = { maxRetries: 3, retry: HASTY, onFailure: 'settle' } as const
const REQUEST = 'parallel-requests request'
const BATCH = 'parallel-requests batch'
const [UNSET, ERROR] = [0, 2]

describe('spans', () => {
  test('are one of a batch, one of each request below it, and one of each attempt below that', async () => {
    const { url, port } = await troubleServer()
    const { telemetry, spans, attempts, named } = sdk()
    await parallelRequests([{ url: `${url}/flaky/2?token=CANARY`, key: 'k' }, `${url}/ok`], { ...again, telemetry })
    const [batch] = named(BATCH)
    expect(named(BATCH)).toHaveLength(1)
    expect(batch?.parentSpanContext).toBeUndefined()
    expect(batch?.attributes).toEqual({
      'parallel_requests.total': 2,
      'parallel_requests.ok': 2,
      'parallel_requests.failed': 0,
    })
    expect(named(REQUEST).map(span => parentOf(span, spans()))).toEqual([batch, batch])
    const retried = named(REQUEST).find(({ attributes }) => attributes['parallel_requests.key'] === 'k')
    expect(retried?.attributes).toEqual({
      'parallel_requests.id': 'k:k',
      'parallel_requests.index': 0,
      'parallel_requests.key': 'k',
      'parallel_requests.attempts': 3,
      'parallel_requests.source': 'network',
      'url.full': `${url}/flaky/2?token=***`,
    })
    const own = attempts().filter(span => parentOf(span, spans()) === retried)
    expect(own.map(brief)).toEqual([
      [0, 'http/503', ERROR],
      [1, 'http/503', ERROR],
      [2, 200, UNSET],
    ])
    expect(own[0]).toMatchObject({ name: 'GET', kind: 2 })
    expect(own[0]?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 503,
      'url.full': `${url}/flaky/2?token=***`,
      'server.address': '127.0.0.1',
      'server.port': port,
      'network.protocol.version': '1.1',
      'error.type': 'http/503',
    })
    expect(attempts()).toHaveLength(4)
    expect(new Set(spans().map(span => span.spanContext().traceId)).size).toBe(1)
    expect(spans().every(({ ended }) => ended)).toBe(true)
  })

  test('of redirect hops are siblings with their own URL', async () => {
    const { url } = await troubleServer()
    const { telemetry, spans, attempts, named } = sdk()
    await parallelRequests([`${url}/to/flaky/1?sig=CANARY`], { ...again, telemetry })
    expect(attempts().map(span => parentOf(span, spans()))).toEqual(Array(3).fill(named(REQUEST)[0]))
    expect(attempts().map(({ attributes }) => attributes['url.full'])).toEqual([
      `${url}/to/flaky/1?sig=***`,
      `${url}/flaky/1?sig=***`,
      `${url}/flaky/1?sig=***`,
    ])
    expect(attempts().map(brief)).toEqual([
      [0, 302, UNSET],
      [1, 'http/503', ERROR],
      [2, 200, UNSET],
    ])
  })

  test('end with ERROR and the code of the failure: network, timeout, abort', async () => {
    const { url } = await troubleServer()
    const { telemetry, attempts, named } = sdk()
    const once = { ...again, maxRetries: 0, telemetry }
    await parallelRequests(['http://127.0.0.1:1/'], once)
    await parallelRequests([{ url: `${url}/hang`, timeouts: { headers: '100ms' } }], once)
    const aborting = new AbortController()
    const client = new ParallelRequests({ maxRetries: 0, telemetry, hooks: { beforeRequest: () => aborting.abort() } })
    await client.request([`${url}/hang`], { signal: aborting.signal }).catch(() => undefined)
    await client.close()
    const codes = ['connect/refused', 'timeout/headers', 'aborted/in_flight']
    expect(attempts().map(brief)).toEqual(codes.map(code => [0, code, ERROR]))
    expect(named(REQUEST).map(({ attributes, status }) => [attributes['error.type'], status.code])).toEqual(
      codes.map(code => [code, ERROR]),
    )
    expect(attempts().map(({ status }) => status.message)).toEqual(codes)
    expect(named(BATCH).map(({ status }) => status)).toEqual([
      { code: ERROR, message: '1 of 1 requests failed' },
      { code: ERROR, message: '1 of 1 requests failed' },
      { code: ERROR, message: 'the batch ended before its input' },
    ])
  })

  test('of a request that was not sent or was restored have no attempt below', async () => {
    const { url } = await troubleServer()
    const first = sdk()
    const resume = join(folder(), 'run.jsonl')
    await parallelRequests(['no url', `${url}/ok`], { ...again, telemetry: first.telemetry, resume })
    expect(first.attempts()).toHaveLength(1)
    expect(
      first.named(REQUEST).find(({ attributes }) => attributes['parallel_requests.index'] === 0)?.attributes,
    ).toEqual(expect.objectContaining({ 'error.type': 'invalid_request/url', 'parallel_requests.attempts': 0 }))
    const second = sdk()
    await parallelRequests(['no url', `${url}/ok`], { ...again, telemetry: second.telemetry, resume })
    expect(second.attempts()).toEqual([])
    expect(second.named(REQUEST)).toHaveLength(2)
  })

  test('are the same over HTTP/2, with worker threads and in the blocking call', async () => {
    const { url } = await troubleServer()
    const wanted = [
      [0, 'http/503', ERROR],
      [1, 200, UNSET],
    ]
    const check = ({ attempts, spans, named }: ReturnType<typeof sdk>, version = '1.1'): void => {
      expect(attempts().map(brief)).toEqual(wanted)
      expect(attempts().map(span => parentOf(span, spans()))).toEqual(Array(2).fill(named(REQUEST)[0]))
      expect(named(REQUEST).map(span => parentOf(span, spans()))).toEqual(named(BATCH))
      expect(attempts()[0]?.attributes['network.protocol.version']).toBe(version)
    }
    const h2 = await h2Server({ answers: [replying('{}', { ':status': '503' }), replying()] })
    const overH2 = sdk()
    const secure = { ...again, ...TRUST, http2: true, telemetry: overH2.telemetry }
    await parallelRequests([`https://127.0.0.1:${h2.port}/`], secure)
    await h2.close()
    check(overH2, '2')
    const threaded = sdk()
    await parallelRequests([`${url}/flaky/1`], { ...again, workers: 1, telemetry: threaded.telemetry })
    check(threaded)
    const server = await threadServer()
    const blocked = sdk()
    parallelRequestsSync([`${server.url}/flaky?id=otel&until=2`], { ...again, telemetry: blocked.telemetry })
    await server.close()
    check(blocked)
  })

  test('name an unknown method HTTP, and keep secrets of keys, headers, cookies and userinfo out', async () => {
    const transport = mockTransport(() => ({ json: 1, headers: { 'set-cookie': 'CANARY=1' } }))
    const { telemetry, attempts, spans } = sdk()
    const spec = {
      url: 'https://u:CANARY@[::1]:8443/?api_key=CANARY&mine=CANARY',
      method: 'PURGE',
      key: 'https://a.test/?token=CANARY',
      headers: { authorization: 'CANARY', cookie: 'a=CANARY', 'x-mine': 'CANARY' },
    }
    await parallelRequests([spec], { ...again, transport, telemetry, secretNames: ['mine'] })
    expect(attempts()[0]).toMatchObject({ name: 'HTTP' })
    expect(attempts()[0]?.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PURGE',
      'server.address': '::1',
      'server.port': 8443,
    })
    const shown = spans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events }))
    expect(JSON.stringify(shown)).not.toContain('CANARY')
  })
})

test('the metric has one value per attempt in seconds, with the attributes and buckets of the conventions', async () => {
  const { url, port } = await troubleServer()
  const { telemetry, durations } = sdk()
  await parallelRequests([`${url}/flaky/1`, `${url}/cut/9`], { ...again, maxRetries: 1, telemetry })
  const found = await durations()
  const same = { 'http.request.method': 'GET', 'server.address': '127.0.0.1', 'server.port': port }
  const answered = { ...same, 'network.protocol.version': '1.1' }
  expect(found.map(({ attributes }) => attributes)).toEqual(
    expect.arrayContaining([
      { ...answered, 'http.response.status_code': 503, 'error.type': 'http/503' },
      { ...answered, 'http.response.status_code': 200 },
      { ...same, 'error.type': 'reset/before_headers' },
    ]),
  )
  expect(found).toHaveLength(3)
  expect(found.find(({ attributes }) => attributes['http.response.status_code'] === 200)?.count).toBe(1)
  expect(found[0]?.boundaries).toEqual([0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10])
  expect(found.every(({ sum }) => sum > 0 && sum < 60)).toBe(true)
})

describe('the headers of an attempt', () => {
  test('have the context of its own span; traceparent and tracestate of the caller are replaced', async () => {
    const server = await threadServer()
    const { telemetry, attempts } = sdk()
    const headers = {
      traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
      tracestate: 'old=1',
      baggage: 'a=1',
    }
    const echo = (value: unknown) => (value as { headers: Record<string, string> }).headers
    for (const workers of [0, 1]) {
      await parallelRequests([`${server.url}/a`], { ...again, telemetry, headers, workers })
    }
    parallelRequestsSync([`${server.url}/a`], { ...again, telemetry, headers })
    const values = [
      ...(await parallelRequests([`${server.url}/a`], { ...again, telemetry, headers })),
      ...parallelRequestsSync([`${server.url}/a`], { ...again, telemetry, headers }),
    ].map(({ value }) => echo(value))
    await server.close()
    const sent = attempts()
      .slice(-2)
      .map(span => span.spanContext())
    expect(values.map(({ traceparent }) => traceparent)).toEqual(
      sent.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
    )
    expect(values.map(({ tracestate, baggage }) => [tracestate, baggage])).toEqual([
      [undefined, 'a=1'],
      [undefined, 'a=1'],
    ])
  })

  test('are as the caller wrote them without an SDK', async () => {
    const transport = mockTransport(({ headers }) => ({ json: headers.get('traceparent') }))
    const [outcome] = await parallelRequests(['http://a.test/'], {
      ...again,
      transport,
      telemetry: otel(),
      headers: { traceparent: 'mine' },
    })
    expect(outcome?.value).toBe('mine')
  })
})

test('global providers are found, and the batch is a child of the active span', async () => {
  const { tracerProvider, spans, named } = sdk()
  trace.setGlobalTracerProvider(tracerProvider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  onTestFinished(() => {
    trace.disable()
    context.disable()
    propagation.disable()
  })
  const transport = mockTransport(({ headers }) => ({ json: headers.get('traceparent') }))
  const values = await trace.getTracer('test').startActiveSpan('mine', async span => {
    const found = await parallelRequests(['http://a.test/'], { transport, telemetry: otel() })
    span.end()
    return found
  })
  expect(parentOf(named(BATCH)[0], spans())?.name).toBe('mine')
  expect(values[0]).toContain(named('mine')[0]?.spanContext().traceId)
})

test('options that are wrong are a ConfigError with each of them', () => {
  const wrong = { tracerProvider: {}, meterProvider: 1, propagater: null }
  expect(() => otel(wrong as never)).toThrow(ConfigError)
  expect(() => otel(wrong as never)).toThrow(
    /tracerProvider: expected an object with getTracer\(\)[^]*meterProvider[^]*propagater/,
  )
  expect(() => otel(null as never)).toThrow(ConfigError)
})

test('a stream that is left ends all of its spans', async () => {
  const { url } = await troubleServer()
  const { telemetry, spans, attempts } = sdk()
  const client = new ParallelRequests({ telemetry })
  for await (const outcome of client.stream([`${url}/ok`, `${url}/hang`])) if (outcome.ok) break
  await client.close()
  await until(() => spans().length === 5)
  expect(attempts().map(({ attributes }) => attributes['error.type'])).toEqual([undefined, 'aborted/in_flight'])
})

test('a redirect to another origin gets the trace context, and no baggage', async () => {
  const [here, there] = [await threadServer(), await threadServer()]
  const { tracerProvider } = sdk()
  const propagator = new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  })
  const baggage = propagation.createBaggage({ user: { value: 'CANARY' } })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  onTestFinished(async () => {
    context.disable()
    await Promise.all([here.close(), there.close()])
  })
  const urls = [`${here.url}/a`, `${here.url}/hop?to=/a`, `${here.url}/hop?to=${there.url}/a`]
  const outcomes = await context.with(propagation.setBaggage(context.active(), baggage), () =>
    parallelRequests(urls, { ...again, telemetry: otel({ tracerProvider, propagator }) }),
  )
  const headers = outcomes.map(({ value }) => (value as { headers: Record<string, string> }).headers)
  expect(headers.map(({ baggage: sent }) => sent)).toEqual(['user=CANARY', 'user=CANARY', undefined])
  expect(headers.every(({ traceparent }) => traceparent?.startsWith('00-'))).toBe(true)
})
