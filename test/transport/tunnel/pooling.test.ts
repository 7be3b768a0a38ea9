/**
 * A connection is reused only if everything is equal that decides where it goes and as whom: the origin, the proxy, its
 * credentials, the TLS options. Every pair of settings that differ in any of these is tested.
 */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { ParallelRequests } from '../../../src/index.ts'
import type { ClientOptions } from '../../../src/index.ts'
import { httpProxy } from '../../support/proxy-server.ts'
import type { TestProxy } from '../../support/proxy-server.ts'
import { tlsFixture } from '../../support/raw-server.ts'

interface Seen {
  /** The connection that it came on. */
  readonly socket: number
  readonly servername: string | false | undefined
  /** Whether the client sent a certificate. */
  readonly hasCert: boolean
  readonly leaked: boolean
}

interface Target extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly seen: Seen[]
}

async function target(): Promise<Target> {
  const seen: Seen[] = []
  const sockets: unknown[] = []
  const options = {
    cert: tlsFixture('server'),
    key: tlsFixture('server-key'),
    requestCert: true,
    rejectUnauthorized: false,
  }
  const server = createServer(options, (request, response) => {
    const socket = request.socket as TLSSocket
    if (!sockets.includes(socket)) sockets.push(socket)
    seen.push({
      socket: sockets.indexOf(socket),
      servername: (socket as unknown as { servername?: string | false }).servername,
      hasCert: Object.keys(socket.getPeerCertificate()).length > 0,
      leaked: 'proxy-authorization' in request.headers,
    })
    response.end('"hello"')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://localhost:${port}/`,
    port,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** What differs in the second request. */
const DIFFERENCES = ['origin', 'proxy', 'credentials', 'certificate', 'verify'] as const
type Difference = (typeof DIFFERENCES)[number]

const subsets: readonly (readonly Difference[])[] = Array.from({ length: 2 ** DIFFERENCES.length }, (_, bits) =>
  DIFFERENCES.filter((_name, at) => (bits & (1 << at)) !== 0),
)

describe('two requests share a connection only if nothing differs:', () => {
  it.each(subsets.map(differing => ({ differing, name: differing.join(', ') || 'nothing' })))(
    '$name',
    async ({ differing }) => {
      await using one = await target()
      await using two = await target()
      await using first = await httpProxy()
      await using second = await httpProxy()
      const differs = (what: Difference): boolean => differing.includes(what)
      const base: ClientOptions = {
        tls: { ca: tlsFixture('ca') },
        retry: { budget: { reserve: Infinity } },
        maxRetries: 0,
      }
      const other: ClientOptions = {
        ...base,
        ...(differs('certificate') && {
          tls: { ca: tlsFixture('ca'), cert: tlsFixture('server'), key: tlsFixture('server-key') },
        }),
        verifySsl: !differs('verify'),
      }
      const sharesClient = !differs('certificate') && !differs('verify')
      await using clientA = new ParallelRequests(base)
      await using clientB = sharesClient ? undefined : new ParallelRequests(other)
      const specA = { url: one.url, proxy: first.urlFor('user', 'one') }
      const otherProxy: TestProxy = differs('proxy') ? second : first
      const specB = {
        url: differs('origin') ? two.url : one.url,
        proxy: otherProxy.urlFor('user', differs('credentials') ? 'two' : 'one'),
      }

      await clientA.request(specA)
      await (clientB ?? clientA).request(specB)
      await clientA.request(specA)

      const [a1, b, a2] = differs('origin') ? [one.seen[0], two.seen[0], one.seen[1]] : one.seen
      // The third request equals the first, and reuses its connection whatever came between.
      expect(a2?.socket).toBe(a1?.socket)
      const isShared = !differs('origin') && b?.socket === a1?.socket
      expect(isShared).toBe(differing.length === 0)
      for (const seen of [a1, b, a2]) expect(seen).toMatchObject({ servername: 'localhost', leaked: false })
      expect([a1, b, a2].map(seen => seen?.hasCert)).toEqual([false, differs('certificate'), false])
      // One tunnel each, asked for by name, from the given proxy with the given credentials.
      const expected = differing.length === 0 ? 1 : 2
      expect(first.tunnels.length + second.tunnels.length).toBe(expected)
      expect(second.tunnels).toEqual(differs('proxy') ? [new URL(specB.url).host] : [])
      expect([...first.credentials, ...second.credentials]).toEqual(
        differing.length === 0 ? ['user:one'] : ['user:one', differs('credentials') ? 'user:two' : 'user:one'],
      )
    },
  )

  it('a direct request and one through a proxy use two connections', async () => {
    await using one = await target()
    await using proxy = await httpProxy()
    await using client = new ParallelRequests({ tls: { ca: tlsFixture('ca') } })
    for (const way of [proxy.url, false, proxy.url, false] as const) await client.request({ url: one.url, proxy: way })
    expect(one.seen.map(({ socket }) => socket)).toEqual([0, 1, 0, 1])
    expect(proxy.tunnels).toHaveLength(1)
  })

  it('with a certificate that only one of them trusts, the other fails, whatever connection is open', async () => {
    await using one = await target()
    await using proxy = await httpProxy()
    await using trusting = new ParallelRequests({ verifySsl: false, proxy: proxy.url })
    await using strict = new ParallelRequests({ proxy: proxy.url, maxRetries: 0 })
    await trusting.request(one.url)
    const outcome = await strict.request(one.url, { onFailure: 'settle' })
    expect(outcome.error?.code).toBe('tls/untrusted')
    expect(one.seen).toHaveLength(1)
  })
})
