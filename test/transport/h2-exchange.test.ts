import { PassThrough } from 'node:stream'
import type { ClientHttp2Stream } from 'node:http2'
import { expect, it } from 'vitest'
import type { Attempt } from '../../src/core/attempt.ts'
import type { Collector } from '../../src/transport/collect.ts'
import { H2Exchange } from '../../src/transport/h2-exchange.ts'
import type { Host } from '../../src/transport/h2-exchange.ts'

it('a head is reported before the data, in whatever order Node reports them', () => {
  const told: string[] = []
  const collector = {
    onRequestStart: () => undefined,
    onResponseError: () => undefined,
    onFields: (status: number) => void told.push(`head ${status}`),
    onResponseData: (_: unknown, chunk: Uint8Array) => void told.push(Buffer.from(chunk).toString()),
  } as unknown as Collector
  const host = { arrived: () => undefined, isHonest: () => true, over: () => undefined } as unknown as Host
  const stream = new PassThrough()
  void new H2Exchange(stream as unknown as ClientHttp2Stream, {} as Attempt, collector, host)
  stream.emit('data', Buffer.from('early'))
  stream.emit('response', { ':status': 200 }, 0, [':status', '200'])
  stream.emit('data', Buffer.from('late'))
  expect(told).toEqual(['head 200', 'early', 'late'])
  stream.destroy()
})

it('the small frames of a paused stream are packed, and passed on in order', async () => {
  const told: Uint8Array[] = []
  const collector = {
    onRequestStart: () => undefined,
    onResponseError: () => undefined,
    onFields: () => undefined,
    onResponseData: (_: unknown, chunk: Uint8Array) => void told.push(chunk),
  } as unknown as Collector
  const host = { arrived: () => undefined, isHonest: () => true, over: () => undefined } as unknown as Host
  const stream = new PassThrough()
  const exchange = new H2Exchange(stream as unknown as ClientHttp2Stream, {} as Attempt, collector, host)
  stream.emit('response', { ':status': 200 }, 0, [':status', '200'])
  exchange.pause()
  for (let at = 0; at < 1_000; at++) stream.push(Buffer.from([at % 251]))
  expect(told).toEqual([])
  exchange.resume()
  stream.push(Buffer.from('end'))
  await new Promise(resolve => setImmediate(resolve))
  const expected = Buffer.concat([Uint8Array.from({ length: 1_000 }, (_, at) => at % 251), Buffer.from('end')])
  expect(Buffer.compare(Buffer.concat(told), expected)).toBe(0)
  expect(told.length).toBeLessThan(10)
  stream.destroy()
})
