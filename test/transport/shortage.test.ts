import { describe, expect, it } from 'vitest'
import { socketsFor } from '../../src/client/process-sockets.ts'
import { systemClock } from '../../src/client/system-clock.ts'
import { openSockets } from '../../src/transport/open-sockets.ts'
import { resultOf } from '../../src/core/awaited.ts'
import { ownTransport } from '../../src/transport/transport.ts'
import { TRUST, clientOf, until } from '../support/ask.ts'
import { makeAttempt } from '../support/calls.ts'
import { h2Server, replying } from '../support/h2-server.ts'
import { answering, rawServer } from '../support/raw-server.ts'

describe('socketsFor', () => {
  it.each([
    [undefined, 4_096],
    [1_048_576, 524_288],
    [1_024, 512],
    [100, 50],
    [96, 48],
    [64, 16],
    [40, 10],
    [3, 1],
  ])('allows for %s open files %d sockets', (files, sockets) => {
    expect(socketsFor(files)).toBe(sockets)
  })
})

describe('idle connections', () => {
  it('of all clients are counted, and closed with their client', async () => {
    await using one = await rawServer(answering(connection => connection.reply()))
    const before = openSockets.open
    const clients = [clientOf(), clientOf()]
    for (const client of clients) await client.request([one.origin, one.origin, one.origin])
    expect(openSockets.open).toBe(before + 6)
    for (const client of clients) await client.close()
    expect(openSockets.open).toBe(before)
    await until(() => one.connections.every(({ isOpen }) => !isOpen))
  })

  it('that speak HTTP/2 count once, whatever they carry, and make room like those of HTTP/1.1', async () => {
    const script = { answers: [replying()] }
    await using one = await h2Server(script)
    await using two = await h2Server(script)
    await using plain = await rawServer(
      answering(connection => connection.reply()),
      { cert: 'server', alpn: ['http/1.1'] },
    )
    await using client = clientOf({ ...TRUST, http2: true })
    // Those of other tests would be closed first.
    openSockets.closeIdle()
    const before = openSockets.open
    await client.request(Array.from({ length: 20 }, () => one.origin))
    expect(openSockets.open).toBe(before + 1)
    await client.request(plain.origin)
    await client.request(two.origin)
    await client.request(one.origin)
    expect(openSockets.open).toBe(before + 3)
    // As another client would ask for its sockets: the least recently used are closed first, one for each.
    const isOpen = () => [one, plain, two].map(({ connections }) => connections.every(each => each.isOpen))
    for (const left of [
      [true, false, true],
      [true, false, false],
      [false, false, false],
    ]) {
      openSockets.opening(openSockets.open)
      openSockets.closed()
      await until(() => String(isOpen()) === String(left))
    }
    expect(openSockets.open).toBe(before)
    // A client that needs one of them again gets a new one.
    await client.request([one.origin, plain.origin])
    expect(openSockets.open).toBe(before + 2)
    await client.close()
    expect(openSockets.open).toBe(before)
  })

  it('that speak HTTP/2 stay while they carry a request, and are no longer counted after the server ends them', async () => {
    await using slow = await h2Server({ answers: [replying(), [{ wait: 150 }, ...replying()]] })
    await using ending = await h2Server({ answers: [[...replying(), { fin: true }]] })
    await using client = clientOf({ ...TRUST, http2: true })
    const before = openSockets.open
    await client.request(slow.origin)
    const answered = client.request(slow.origin)
    await until(() => slow.streams.length === 2)
    openSockets.opening(openSockets.open)
    openSockets.closed()
    await answered
    expect(slow.accepted).toBe(1)
    await client.request(ending.origin)
    await until(() => ending.connections.every(({ isOpen }) => !isOpen))
    await until(() => openSockets.open === before + 1)
  })

  it('are not counted if they were never made, or were aborted', async () => {
    await using mute = await rawServer(() => undefined)
    await using refusing = await rawServer(() => undefined, { cert: 'self-signed' })
    const secure = mute.origin.replace('http:', 'https:')
    const before = openSockets.open
    for (const options of [{}, TRUST, { http2: true }, { ...TRUST, http2: true }]) {
      const client = clientOf({ ...options, timeouts: { connect: '150ms' } })
      const asked = [secure, secure, refusing.origin, 'https://127.0.0.1:1/']
      const outcomes = await client.request(asked, { onFailure: 'settle' })
      expect(outcomes.every(({ ok }) => !ok)).toBe(true)
      await until(() => openSockets.open === before)
      await client.close()
    }
  })

  it('make room for new ones at the limit, least recently used first', () => {
    const closed: string[] = []
    const kept = (name: string) => {
      const one = {
        list: undefined,
        before: undefined,
        behind: undefined,
        close() {
          closed.push(name)
          openSockets.closed(one)
        },
      }
      return one
    }
    const [a, b, c] = [kept('a'), kept('b'), kept('c')]
    for (const one of [a, b, c]) {
      openSockets.opening(Infinity)
      openSockets.rest(one)
    }
    openSockets.use(a)
    openSockets.rest(a)
    openSockets.opening(3)
    expect(closed).toEqual(['b'])
    openSockets.use(c)
    openSockets.opening(2)
    expect(closed).toEqual(['b', 'a'])
    // No idle one is left. One more is opened all the same, because its attempt has been admitted.
    openSockets.opening(2)
    expect(closed).toEqual(['b', 'a'])
    for (let i = openSockets.open; i > 0; i--) openSockets.closed(c)
  })
})

describe('a connection without a free file descriptor', () => {
  it.each(['http', 'https'])('closes idle ones at once, of any protocol (%s)', async scheme => {
    await using kept = await h2Server({ answers: [replying()] })
    const plan = { tls: { verify: false }, blockPrivateAddresses: false, http2: true }
    const lookup = async () => {
      throw Object.assign(new Error('no more'), { code: 'EMFILE' })
    }
    const transport = ownTransport(plan, systemClock, { lookup })
    const send = (to: string) => resultOf(transport.send, makeAttempt({ origin: to, url: `${to}/` }))
    const before = openSockets.open
    expect(await send(kept.origin)).toMatchObject({ kind: 'reply', protocol: 'h2' })
    expect(openSockets.open).toBe(before + 1)
    expect(await send(`${scheme}://short.test`)).toMatchObject({ code: 'resource/fd', sent: false })
    expect(openSockets.open).toBe(before)
    await until(() => kept.connections.every(({ isOpen }) => !isOpen))
    await transport.close()
  })
})
