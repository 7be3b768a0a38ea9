import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { systemClock } from '../../../src/client/system-clock.ts'
import type { Fault } from '../../../src/core/result.ts'
import type { Collector } from '../../../src/transport/collect.ts'
import { Connection } from '../../../src/transport/h1/connection.ts'
import { Exchange } from '../../../src/transport/h1/exchange.ts'
import { resultOf } from '../../../src/core/awaited.ts'
import { ownTransport } from '../../../src/transport/transport.ts'
import { makeAttempt } from '../../support/calls.ts'
import { answering, rawServer } from '../../support/raw-server.ts'

const FIELDS = { maxBytes: 65_536, maxFields: 2_000 }

it.each(['onRequestStart', 'onHead', 'onResponseData', 'onResponseEnd'] as const)(
  'an error that is thrown in %s fails its request and closes its connection, and does not escape',
  async where => {
    await using server = await rawServer(answering(connection => connection.reply('ok')))
    const url = new URL(server.origin)
    const socket = connect({ host: url.hostname, port: Number(url.port) })
    await new Promise(resolve => socket.once('connect', resolve))
    const { promise: gone, resolve: end } = Promise.withResolvers<void>()
    const connection = new Connection({
      route: server.origin,
      isLast: false,
      limits: FIELDS,
      keeper: { lastHead: undefined, free: () => undefined, gone: () => end(), surplus: () => undefined },
    })
    const refused: Fault[] = []
    const quiet = () => undefined
    const collector = {
      onRequestStart: quiet,
      onRequestSent: quiet,
      onResponseStarted: quiet,
      onWireRead: () => true,
      onHead: quiet,
      onResponseData: quiet,
      onResponseEnd: quiet,
      onRefused: (fault: Fault) => void refused.push(fault),
      [where]() {
        throw new Error('a bug')
      },
    } as unknown as Collector
    const limits = { maxExtensionBytes: 65_536, trailers: FIELDS }
    const attempt = makeAttempt()
    const exchange = new Exchange({ attempt, collector, measured: undefined, clock: systemClock, limits })
    connection.reserve(exchange)
    connection.hold(socket)
    connection.opened(false)
    connection.start(exchange)
    await gone
    expect(refused.map(({ code }) => code)).toEqual(['internal/unknown'])
    expect(socket.destroyed).toBe(true)
  },
)

it('a held body is sent because the server answers 100, not only because time has passed', async () => {
  await using server = await rawServer(async connection => {
    await connection.expect('\r\n\r\n')
    await connection.send('HTTP/1.1 100 Continue\r\n\r\n')
    await connection.expect(4)
    await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })
  // Its timers never ring.
  const clock = { ...systemClock, after: () => ({ cancel: () => undefined }) }
  const wire = ownTransport({ tls: { verify: true }, blockPrivateAddresses: false }, clock)
  const call = { origin: server.origin, url: `${server.origin}/`, method: 'POST', body: 'body' }
  const attempt = { ...makeAttempt(call), headers: ['expect', '100-continue'] }
  expect(await resultOf(wire.send, attempt)).toMatchObject({ kind: 'reply', status: 200 })
  await wire.close()
})
